import LiveProtocol
import Testing

@testable import Assistant

@Suite("Tokens", .timeLimit(.minutes(5)))
struct TokenCommandTests {
    private func run(_ script: String, environment: [String: String] = [:], given: [UInt8] = []) throws -> ProgramRun {
        try ProgramRun.finished(
            ["/bin/sh", "-c", script], environment: environment.merging(["PATH": "/usr/bin:/bin"]) { mine, _ in mine },
            given: given, limit: .seconds(60))
    }

    private func failure(_ script: String) throws -> Disconnection? {
        switch TokenCommand(script).token(from: .success(try run(script))) {
        case .success: nil
        case .failure(let reason): reason
        }
    }

    @Test("a token is taken from stdout, without white space around it")
    func token() throws {
        let command = TokenCommand("broker")
        let printed = try run("echo; echo 'auth_tokens/abc '")
        #expect(command.token(from: .success(printed)) == .success(.token(Secret("auth_tokens/abc"))))
    }

    @Test(
        "how a command ends says whether another try may help",
        arguments: [
            ("exit 77", Disconnection.CredentialFailure.refused), ("exit 78", .misconfigured), ("exit 1", .passing),
            ("kill -9 $$", .passing), ("/no/such/broker", .misconfigured), ("echo AIzaKey", .misconfigured),
            ("echo auth_tokens/a b", .misconfigured), ("true", .misconfigured),
        ])
    func ends(script: String, kind: Disconnection.CredentialFailure) throws {
        let reason = try #require(try failure(script))
        #expect(reason.cause == .noCredential(kind))
        #expect(!reason.detail.contains("AIza"))
    }

    @Test("what it says last is told, and a key in it is not")
    func words() throws {
        #expect(
            try #require(try failure("echo one >&2; echo 'the broker is closed' >&2; exit 3")).detail
                .hasSuffix("ended with status 3: the broker is closed"))
        let quoted = try #require(try failure("echo 'no: auth_tokens/abc' >&2; exit 3")).detail
        #expect(!quoted.contains("auth_tokens/abc"))
    }

    @Test("a program gets what it is given and all variables but keys, and may ignore its input")
    func program() throws {
        let given = Array(repeating: UInt8(ascii: "x"), count: 300_000)
        let counted = try run(
            "wc -c; env | grep -c sesame; echo $A", environment: ["A": "b", "GEMINI_API_KEY": "sesame"], given: given)
        #expect(counted.end == .exited(0))
        #expect(String(decoding: counted.output, as: UTF8.self) == "300000\n0\nb\n")
        #expect(try run("exit 4", given: given).end == .exited(4))
        #expect(try run("kill -15 $$").end == .killed(signal: 15))
        #expect(throws: ProgramRun.CannotStart.self) {
            try ProgramRun.finished(["/no/such/program"], environment: [:], limit: .seconds(1))
        }
    }

    @Test("a program whose time is up is ended, with what it started")
    func late() throws {
        let run = try ProgramRun.finished(
            ["/bin/sh", "-c", "sleep 600 & echo $!; sleep 600"], environment: ["PATH": "/usr/bin:/bin"],
            limit: .milliseconds(300))
        #expect(run.end == .late(.milliseconds(300)))
    }

    @Test("a long answer is cut, and a program that leaves its output open behind it is not waited for")
    func longAnswer() throws {
        #expect(try run("head -c 1000000 /dev/zero").output.count == ProgramRun.longest)
        #expect(try run("sleep 600 & echo done").output == Array("done\n".utf8))
    }

    @Test("a token is asked for with its uses and times")
    func request() {
        let now: Int64 = 1_795_435_200_000  // 2026-11-23T12:00:00Z
        func text(_ uses: Int, _ minutes: Int) -> String {
            String(decoding: TokenMint.request(TokenMint.Terms(uses: uses, minutes: minutes), now: now), as: UTF8.self)
        }
        #expect(
            text(1, 30)
                == #"{"uses":1,"expireTime":"2026-11-23T12:30:00.000Z","newSessionExpireTime":"2026-11-23T12:01:00.000Z"}"#
        )
        #expect(
            text(0, 90)
                == #"{"uses":0,"expireTime":"2026-11-23T13:30:00.000Z","newSessionExpireTime":"2026-11-23T13:30:00.000Z"}"#
        )
    }

    @Test("a token is made of a key only")
    func mint() throws {
        for credential in [Credential("auth_tokens/abc"), .command(TokenCommand("broker"))] {
            let error = try #require(throws: AssistantError.self) {
                try TokenMint(Settings(), credential: credential)
            }
            #expect(error.exit == .refused)
        }
    }
}
