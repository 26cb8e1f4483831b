import Glibc
import Testing

@testable import Assistant

/// What sd_notify(3) and sd_watchdog_enabled(3) say of the variables and the lines.
@Suite("The service manager", .timeLimit(.minutes(1)))
struct ServiceManagerTests {
    @Test("nobody wants to hear without a socket")
    func unwanted() throws {
        #expect(try ServiceManager(environment: [:], process: 1) == nil)
        #expect(try ServiceManager(environment: ["NOTIFY_SOCKET": ""], process: 1) == nil)
    }

    @Test(
        "the watchdog's patience, if it is meant for this process",
        arguments: [
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"], Duration.seconds(3)),
            (["WATCHDOG_USEC": "1"], .microseconds(1)),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"], nil), ([:], nil),
        ])
    func patience(variables: [String: String], patience: Duration?) throws {
        let environment = variables.merging(["NOTIFY_SOCKET": "/run/notify"]) { old, _ in old }
        #expect(try ServiceManager(environment: environment, process: 7)?.patience == patience)
    }

    @Test(
        "what cannot be is refused with what was given",
        arguments: [
            ["NOTIFY_SOCKET": "vsock:2:1"], ["NOTIFY_SOCKET": "@"],
            ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 107)],
            ["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "soon"], ["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "0"],
        ])
    func refused(environment: [String: String]) {
        let error = #expect(throws: AssistantError.self) { try ServiceManager(environment: environment, process: 7) }
        #expect(error?.exit == .configuration)
        #expect(environment.values.contains { error?.message.contains($0) == true })
    }

    @Test("a status is one line")
    func lines() {
        #expect(ServiceManager.Notice.status("a\nREADY=1\r\nb").text == "STATUS=a READY=1 b")
        #expect(ServiceManager.Notice.reloading(microseconds: 5).text == "RELOADING=1\nMONOTONIC_USEC=5")
    }

    @Test("who has gone is named by its errno")
    func gone() throws {
        let name = "/nonexistent/notify"
        let manager = try #require(try ServiceManager(environment: ["NOTIFY_SOCKET": name], process: 1))
        #expect(manager.tell([.ready]) == ENOENT)
    }
}
