import ArgumentParser
import ControlProtocol
import LiveProtocol

/// Which daemon is meant.
struct ControlFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket (default: VIVAVOCE_SOCKET, else vivavoce/control.sock in the runtime directory).",
            valueName: "PATH"))
    var socket: String?

    var path: String {
        let environment = Environment.current
        let named = environment["VIVAVOCE_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        return socket ?? named ?? ControlPath.standard(environment: environment)
    }
}

extension ControlError {
    /// Prints the failure and becomes the error that ends the process.
    func reported() -> ArgumentParser.ExitCode {
        Failure.print(remedy.map { "\(message)\n  \($0)" } ?? message)
        let exit: Int32 =
            switch self {
            case .refused(let failure) where failure.isOfCaller: 64
            case .pathTooLong: 64
            case .notAllowed: 77
            default: 69
            }
        return ArgumentParser.ExitCode(exit)
    }
}

extension RPC.Failure {
    /// It is about what was asked, not about how things stand.
    fileprivate var isOfCaller: Bool { [RPC.Failure.params("").code, RPC.Failure.request("").code].contains(code) }
}

extension ControlFlags {
    /// Calls one method of the running daemon; a failure is printed and ends the process.
    func call(
        _ method: String, _ params: [String: JSONValue] = [:], within patience: Duration = ControlClient.patience
    ) async throws(ArgumentParser.ExitCode) -> JSONValue {
        do {
            let client = try await ControlClient.connect(to: path)
            let result = try await client.call(method, params, within: patience)
            await client.close()
            return result
        } catch {
            throw error.reported()
        }
    }
}

/// Which daemon is meant, and whether its reply is shown.
struct ReplyFlags: ParsableArguments {
    @Flag(help: "Print the daemon's reply.") var json = false
    @OptionGroup var daemon: ControlFlags

    /// Calls a method; its reply is printed where that is asked for.
    func show(_ method: String, _ params: [String: JSONValue] = [:]) async throws(ArgumentParser.ExitCode) {
        let result = try await daemon.call(method, params)
        if json { Output.line(String(decoding: result.serialized(), as: UTF8.self)) }
    }
}
