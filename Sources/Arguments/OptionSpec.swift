/// How one option is called, what it takes and what it means: all that parsing, help and completion need of
/// it.
public struct OptionSpec: Sendable {
    /// How often an option may be given, and whether it takes a value.
    public enum Arity: Sendable, Equatable {
        /// No value: given or not.
        case flag
        /// One value, given at most once.
        case one
        /// One value each time, given any number of times.
        case repeated
    }

    /// The long name without dashes; also the key in a configuration file.
    public let name: String
    /// The one-letter name, if there is one.
    public let short: Character?
    /// How often it may be given, and whether it takes a value.
    public let arity: Arity
    /// The value's name in help.
    public let valueName: String
    /// One or more sentences for help.
    public let help: String
    /// The text that stands in when the option is given nowhere; parsed like any other.
    public let defaultText: String?
    /// Whether the command cannot run without it.
    public let isRequired: Bool
    /// The heading it is listed under in help.
    public let section: String
    /// What a shell can offer as value.
    public let completion: Completion
    /// Whether its value must never be shown.
    public let isSecret: Bool
    /// Whether values from several places are merged by the key before their `=`, the stronger place winning.
    public let mergesByKey: Bool
    /// Throws what would have been right if a text is no value of this option.
    public let check: @Sendable (String) throws(ValueError) -> Void

    /// The heading of options that name none.
    public static let defaultSection = "Options"

    /// The option as it is written: `--name VALUE`, `--name`.
    public var usage: String { arity == .flag ? "--\(name)" : "--\(name) \(valueName)" }

    /// The environment variable that fills it: `MODELCAST_BROKER_CONFIG` for `broker-config`.
    public func environmentVariable(prefix: String) -> String {
        prefix + name.uppercased().replacing("-", with: "_")
    }
}

/// An option of any type, as a command lists it.
public protocol DeclaredOption: Sendable {
    /// What parsing, help and completion need of it.
    var spec: OptionSpec { get }
}
