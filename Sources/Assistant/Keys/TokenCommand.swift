import LiveProtocol
import LiveTransport

/// A program that prints a short-lived token (`auth_tokens/…`): whoever has a broker need not keep a key here.
///
/// It is run for each connection, also for one that resumes a session: a token's use may be up, its time to begin is
/// a minute and its life half an hour, and whether resuming costs a use is not agreed upon (pitfall 9).
package struct TokenCommand: Sendable, Equatable {
    /// For `/bin/sh -c`.
    let command: String

    /// How long it may take.
    static let limit = Duration.seconds(10)

    package init(_ command: String) { self.command = command }

    /// What the transport asks before it dials.
    ///
    /// - Parameter environment: for the program, which gets all of it but keys.
    func headerSource(environment: [String: String]) -> HeaderSource {
        { tell in
            ProgramRun.start(["/bin/sh", "-c", command], environment: environment, limit: Self.limit) { outcome in
                tell(token(from: outcome).map(\.headers))
            }
        }
    }

    /// What the program's end means, in the numbers of `sysexits.h`: 77 is a refusal and 78 a mistake in its settings,
    /// which another try does not mend; the shell says 126 and 127 of a program that is none. All else may pass.
    func token(from outcome: ProgramRun.Outcome) -> Result<Credential, Disconnection> {
        let run: ProgramRun
        switch outcome {
        case .success(let finished): run = finished
        case .failure(let error): return .failure(failed(.passing, "cannot be started: \(error.reason)"))
        }
        switch run.end {
        case .exited(0): return printed(run.output)
        case .exited(126), .exited(127): return .failure(failed(.misconfigured, "cannot be run: \(run.words)"))
        case .exited(77): return .failure(failed(.refused, run.words))
        case .exited(78): return .failure(failed(.misconfigured, run.words))
        case .exited, .killed, .late: return .failure(failed(.passing, run.words))
        }
    }

    private func printed(_ output: [UInt8]) -> Result<Credential, Disconnection> {
        let text = String(decoding: output, as: UTF8.self)
        guard case .token(let token)? = try? Credential(checking: text, from: "it") else {
            let what = text.contains { !$0.isWhitespace } ? "something that is no token" : "nothing"
            return .failure(
                failed(.misconfigured, "printed \(what); a token is one word that begins with auth_tokens/"))
        }
        return .success(.token(token))
    }

    private func failed(_ kind: Disconnection.CredentialFailure, _ what: String) -> Disconnection {
        Disconnection(.noCredential(kind), detail: "the token command \(Redaction.quote(command)) \(what)")
    }
}
