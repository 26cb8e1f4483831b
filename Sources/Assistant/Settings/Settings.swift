package import Events
package import LiveSession
package import Logging

/// All that can be set about a conversation, checked and with its defaults filled in.
///
/// Where the values come from is `SettingLayers`' affair; what each key is called and accepts stands in
/// `SettingKey.all`. No secret is in here: the key is a `Credential`.
package struct Settings: Sendable, Equatable {
    package var service = Service()
    package var persona = Persona()
    package var transcription = Transcription()
    package var audio = Audio()
    package var turns = Turns()
    package var wake = Wake()
    package var session = Session()
    package var archive = Archive()
    package var observation = Observation()
    package var log = Log()
    package var config = Config()
    package var until = Until.forever

    package init() {}

    package struct Service: Sendable, Equatable {
        package var endpoint = ServiceAddress.developerAPI
        /// Nil: by what is shown to the service, a key or a token.
        package var apiVersion: String?
        /// Extra trust anchor, a PEM file beside the system's.
        package var caFile: String?
        /// `http://[user:password@]host:port`: as set, or what the environment names for this endpoint; nil for none.
        package var proxy: String?
        /// Holds the key, instead of the environment and the stored key.
        package var keyFile: String?
        /// Prints a token, instead of any key.
        package var tokenCommand: String?
        /// Nil: the newest live model that the catalogue knows and that is generally available.
        package var model: String?

        package init() {}
    }

    /// Who the model is to be; nil leaves it to the service.
    package struct Persona: Sendable, Equatable {
        package var voice: String?
        /// BCP 47, such as `en-US`.
        package var language: String?
        /// The system instruction itself; a file has been read.
        package var system: String?
    }

    /// Help for whoever writes down what the user says.
    package struct Transcription: Sendable, Equatable {
        /// BCP 47; none: any.
        package var languages: [String] = []
        /// Words and names that are likely.
        package var vocabulary: [String] = []
    }

    /// Something that is done when it is needed, always, or never.
    package enum Automatic: String, Sendable, Hashable, CaseIterable { case auto, on, off }

    /// Devices by name, in the words that AudioDevices takes, and what happens to the sound.
    package struct Audio: Sendable, Equatable {
        package var input = "default"
        package var output = "default"
        /// `auto`: unless the device or the sound server does it.
        package var echoCancellation = Automatic.auto
        /// Likewise.
        package var noiseSuppression = Automatic.auto
        package var highPass = true
        package var gainControl = false
        /// Linear, 0 … 1; nil for all of it, and for a mixer as it is.
        package var volume: Double?
        /// The mixer's control that sets the volume; nil: we do.
        package var mixer: String?
        /// `auto`: in wake mode, and where there is no terminal.
        package var cues = Automatic.auto
        /// After how long without use the devices rest, where the user is not heard; nil: never.
        package var restAfter: Duration? = .seconds(30)
    }

    /// Who speaks when; nil leaves it to the service.
    package struct Turns: Sendable, Equatable {
        package enum Sensitivity: String, Sendable, Hashable { case low, high }
        package enum Coverage: String, Sendable, Hashable { case activity, all, activityAndVideo }

        /// What speaking over the answer does.
        package enum BargeIn: String, Sendable, Hashable, CaseIterable {
            /// Our detector silences the answer at once, and lets it go on if it was a false alarm (pitfall 41).
            case local
            /// The service says so.
            case service
            /// Nothing: what is said is answered after the answer under way.
            case off
        }

        package var mode = TurnMode.open
        package var bargeIn = BargeIn.local
        /// Quiet that ends the user's turn.
        package var silence: Duration?
        /// High takes softer sounds for speech.
        package var startSensitivity: Sensitivity?
        /// High ends turns sooner.
        package var endSensitivity: Sensitivity?
        /// Speech needed before a turn counts as begun.
        package var prefixPadding: Duration?
        /// What of the input belongs to a turn.
        package var coverage: Coverage?
    }

    /// How the assistant is woken by word.
    package struct Wake: Sendable, Equatable {
        /// What the demonstration detector listens for.
        package var phrase = "hello vivavoce"
        /// Its threshold: smaller hears more, also where nothing was said.
        package var threshold = 1e-50
        /// The detector to run instead.
        package var command: String?
        /// How long the user is heard without the wake word after an answer.
        package var followUp = Duration.seconds(8)
        /// How long the connection is kept while asleep.
        package var idle = Duration.seconds(30)
    }

    package struct Session: Sendable, Equatable {
        /// How long the service may take to accept the setup.
        package var setupTimeout = Duration.seconds(10)
        /// How long an answer may take to begin before the line is changed.
        package var answerTimeout = Duration.seconds(10)
        /// How long a session that was live is tried to be brought back.
        package var recovery = Duration.seconds(30)
        /// How long the service keeps one connection, which is left in time; nil for what the model is known for.
        package var connectionLimit: Duration?
    }

    /// What is kept of a conversation.
    package struct Archive: Sendable, Equatable {
        /// Lines, and what happened between them, go into the transcript store.
        package var isStoreOn = true
        /// Under it each conversation's sound is recorded in a directory of its own; nil: it is not.
        package var recordings: String?
        package var kilobitsPerSecond = 48
        /// When a recording goes on in another file.
        package var rotateHours: Int?
        package var rotateMegabytes: Int?
        /// What is older, or the oldest of what is more, is deleted.
        package var keepDays: Int?
        package var keepMegabytes: Int?
    }

    /// What is counted, what it may cost, and who is told.
    package struct Observation: Sendable, Equatable {
        /// A price table instead of the one that the program carries with it.
        package var prices: String?
        /// What may be spent, in the price table's currency; nil: anything.
        package var sessionBudget: Double?
        package var dayBudget: Double?
        package var monthBudget: Double?
        /// Host and port, or a socket's path.
        package var metricsListen: String?
        /// The command line of the program that is run at an event.
        package var hooks: [EventName: String] = [:]
    }

    package struct Log: Sendable, Equatable {
        package var level = Logger.Level.warning
    }

    /// The settings' own files.
    package struct Config: Sendable, Equatable {
        /// The daemon reads them again when they are saved.
        package var isWatched = true
    }
}
