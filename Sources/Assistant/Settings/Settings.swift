package import Logging

/// All that can be set about a conversation, checked and with its defaults filled in.
///
/// Where the values come from is `SettingLayers`' affair; what each key is called and accepts stands in
/// `SettingKey.all`. No secret is in here: the key is a `Credential`.
package struct Settings: Sendable, Equatable {
    package var service = Service()
    package var persona = Persona()
    package var audio = Audio()
    package var turns = Turns()
    package var session = Session()
    package var log = Log()
    package var until = Until.forever

    package init() {}

    package struct Service: Sendable, Equatable {
        package var endpoint = ServiceAddress.developerAPI
        package var apiVersion = "v1beta"
        /// Extra trust anchor, a PEM file beside the system's.
        package var caFile: String?
        /// `http://[user:password@]host:port`: as set, or what the environment names for this endpoint; nil for none.
        package var proxy: String?
        /// Holds the key, instead of the environment and the stored key.
        package var keyFile: String?
        /// Nil: the newest live model that the catalogue knows and that is generally available.
        package var model: String?
    }

    /// Who the model is to be; nil leaves it to the service.
    package struct Persona: Sendable, Equatable {
        package var voice: String?
        /// BCP 47, such as `en-US`.
        package var language: String?
        /// The system instruction itself; a file has been read.
        package var system: String?
    }

    /// Devices by name, in the words that AudioDevices takes.
    package struct Audio: Sendable, Equatable {
        package var input = "default"
        package var output = "default"
    }

    /// Who speaks when; nil leaves it to the service.
    package struct Turns: Sendable, Equatable {
        package enum Mode: String, Sendable, Hashable { case open }
        package enum Sensitivity: String, Sendable, Hashable { case low, high }

        /// `open`: the microphone is always heard, and the service decides when somebody speaks.
        package var mode = Mode.open
        /// Quiet that ends the user's turn.
        package var silence: Duration?
        /// High takes softer sounds for speech.
        package var startSensitivity: Sensitivity?
        /// High ends turns sooner.
        package var endSensitivity: Sensitivity?
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

    package struct Log: Sendable, Equatable {
        package var level = Logger.Level.warning
    }
}
