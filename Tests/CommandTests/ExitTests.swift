import Foundation
import Testing

@Suite("Exit codes and what is said", .timeLimit(.minutes(5)))
struct ExitTests {
    @Test("without a key, talk says the two ways to give one")
    func noKey() throws {
        let result = try CommandLineUser().run("talk")
        #expect(result.status == 77)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("GEMINI_API_KEY"))
        #expect(result.errors.contains("vivavoce keys set"))
    }

    @Test(
        "a wrong command line is a usage error",
        arguments: [
            ["talk", "--endpoint", "example.com"], ["talk", "--endpoint", "ftp://a"], ["talk", "--nonsense"],
            ["talk", "--until", "later"], ["talk", "--mode", "shout"], ["nonsense"], ["talk", "--voice"],
        ])
    func usage(arguments: [String]) throws {
        let user = try CommandLineUser()
        user.environment["GEMINI_API_KEY"] = "sesame"
        let process = user.process(arguments)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test("a bad settings file is named with line and nearest key; a missing one is missing input")
    func settingsFile() throws {
        let user = try CommandLineUser()
        let file = try user.write("service:\n  endpont: x\n", to: "bad.yaml")
        #expect(try user.run("talk", "--config", file).status == 78)
        let result = try user.run("config", "check", "--config", file)
        #expect(result.status == 78)
        #expect(result.errors.contains("\(file):2: unknown key `service.endpont`; did you mean `service.endpoint`?"))
        #expect(try user.run("talk", "--config", "/nowhere.yaml").status == 66)
        #expect(try user.run("config", "check").status == 0)
    }

    @Test("a bad variable is a configuration error that names it")
    func variable() throws {
        let user = try CommandLineUser()
        user.environment["VIVAVOCE_TURNS_SILENCE_MILLISECONDS"] = "soon"
        let result = try user.run("talk")
        #expect(result.status == 78)
        #expect(result.errors.contains("VIVAVOCE_TURNS_SILENCE_MILLISECONDS is \"soon\""))
    }

    @Test("a key does not go over a network in the clear")
    func clear() throws {
        let user = try CommandLineUser()
        user.environment["GEMINI_API_KEY"] = "sesame-open"
        let result = try user.run("talk", "--endpoint", "ws://192.0.2.1:80")
        #expect(result.status == 78)
        #expect(!result.all.contains("sesame-open"))
    }

    @Test("a key file open to others is refused with the remedy; a missing one is missing input")
    func keyFile() throws {
        let user = try CommandLineUser()
        let file = try user.write("sesame-open\n", to: "key", permissions: 0o644)
        let result = try user.run("talk", "--key-file", file)
        #expect(result.status == 77)
        #expect(result.errors.contains("chmod 600 \(file)"))
        #expect(!result.all.contains("sesame-open"))
        #expect(try user.run("talk", "--key-file", "/nowhere").status == 66)
    }

    @Test("keys: set from stdin, listed, found, removed, and never printed")
    func keys() throws {
        let user = try CommandLineUser()
        let path = try user.run("keys", "path").output.trimmingCharacters(in: .newlines)
        #expect(path == user.home + "/.config/vivavoce/keys/gemini")
        var printed = ""
        let set = try user.run("keys", "set", input: "sesame-open\n")
        printed += set.all
        #expect(set.status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "sesame-open\n")
        let list = try user.run("keys", "list")
        printed += list.all
        #expect(list.output.contains("set    stored key \(path)  used"))
        printed += try user.run("config", "show").all + user.run("config", "show", "--json").all
        printed += try user.run("config", "check").all
        #expect(printed.contains("set (stored key \(path))"))
        #expect(!printed.contains("sesame"))
        #expect(try user.run("keys", "remove").status == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try user.run("keys", "set", input: "").status == 66)
    }

    @Test("a key on the command line is refused and not repeated")
    func keyInArguments() throws {
        let result = try CommandLineUser().run("keys", "set", "sesame-open")
        #expect(result.status == 64)
        #expect(!result.all.contains("sesame-open"))
    }

    @Test("config show --json is JSON, a line a key")
    func showJSON() throws {
        let result = try CommandLineUser().run("config", "show", "--json", "--model", "m")
        #expect(result.status == 0)
        let lines = try result.output.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
        #expect(
            lines.contains(["key": "service.model", "value": "m", "source": "--model", "reload": "next session"]))
        #expect(lines.contains(["key": "persona.voice", "source": "default", "reload": "next session"]))
        #expect(lines.last == ["key": "service.key", "value": "unset"])
    }

    @Test("the version is one line on stdout")
    func version() throws {
        let result = try CommandLineUser().run("--version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("vivavoce "))
    }
}
