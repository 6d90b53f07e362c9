/// The places below the command line that may hold a value: the environment, then the service's YAML file.
///
/// A setting is called the same everywhere: the option `--broker-config` is `MODELCAST_BROKER_CONFIG` in the
/// environment and `broker-config` in the file. For a value in a file of its own, as container platforms
/// mount secrets, the environment may name the file: `MODELCAST_BROKER_CONFIG_FILE=/run/secrets/broker`. An
/// empty variable counts as not set.
///
/// A setting that may be given several times is a list in the file (or a mapping, for `key=value`), and in
/// the environment a text with its values one a line, or else separated by commas.
public struct LayeredValues: Sendable {
    /// A place's values and its name in messages.
    public typealias Layer = (texts: [String], place: String)

    /// Proposes, for a wrong name, the right one among those given.
    public typealias Suggest = @Sendable (_ name: String, _ candidates: [String]) -> String?

    private let prefix: String
    private let environment: [String: String]
    private let names: Set<String>
    private let entries: [String: YAMLValue]
    private let limits: ConfigurationLimits

    /// Reads the configuration file, if there is one: that given, else that of the variable `<prefix>CONFIG`.
    ///
    /// Throws: ``ConfigurationError`` when the file cannot be read, or has a key that is none of `names`.
    public init(
        prefix: String = "MODELCAST_", environment: [String: String], configurationFile: String?,
        names: [String],
        limits: ConfigurationLimits = ConfigurationLimits(), suggest: Suggest = { _, _ in nil }
    ) throws(ConfigurationError) {
        self.prefix = prefix
        self.environment = environment
        self.names = Set(names)
        self.limits = limits
        let path = configurationFile ?? environment[prefix + "CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path else {
            entries = [:]
            return
        }
        let document = try YAMLReader.read(contentsOf: path, limits: limits)
        guard document.isNull || document.mapping != nil else {
            throw ConfigurationError(
                .wrongType, "\(document.place): \(document.kindInWords) instead of settings",
                hint: "Write one 'name: value' a line.")
        }
        var entries: [String: YAMLValue] = [:]
        let known = names.filter { $0 != "config" }
        for entry in document.mapping ?? [] {
            guard known.contains(entry.key) else { throw Self.unknown(entry, known: known, suggest: suggest) }
            entries[entry.key] = entry.value
        }
        self.entries = entries
    }

    /// The values that the places have for a setting, the environment's first.
    public func layers(for name: String, isRepeated: Bool) throws(ConfigurationError) -> [Layer] {
        var layers: [Layer] = []
        if let layer = try environmentLayer(name, isRepeated: isRepeated) { layers.append(layer) }
        if let value = entries[name] {
            layers.append((try Self.texts(value, of: name), value.place.description))
        }
        return layers
    }

    private func environmentLayer(_ name: String, isRepeated: Bool) throws(ConfigurationError) -> Layer? {
        let variable = prefix + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
        let direct = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        // The variable of a setting that is itself called "…-file" is that setting's own.
        let fileVariable = names.contains("\(name)-file") ? nil : variable + "_FILE"
        let path = fileVariable.flatMap { environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
        switch (direct, path) {
        case (nil, nil): return nil
        case (let text?, nil): return (isRepeated ? Self.split(text) : [text], variable)
        case (nil, let path?):
            let text = try FileText.read(path, bytesMax: limits.secretBytesMax)
            return (isRepeated ? Self.split(text) : [text], "\(variable)_FILE")
        case (_?, _?):
            throw ConfigurationError(
                .conflict, "\(variable) and \(variable)_FILE are both set", hint: "Set one of them.")
        }
    }

    private static func split(_ text: String) -> [String] {
        let separator: Character = text.contains(where: \.isNewline) ? "\n" : ","
        return text.split { separator == "\n" ? $0.isNewline : $0 == separator }.map(String.init)
    }

    /// A setting's values as the texts one would write on the command line.
    private static func texts(_ value: YAMLValue, of name: String) throws(ConfigurationError) -> [String] {
        switch value.content {
        case .scalar: return [try text(value, of: name)]
        case .sequence(let values):
            var texts: [String] = []
            for value in values { texts.append(try text(value, of: name)) }
            return texts
        case .mapping(let entries):
            var texts: [String] = []
            for entry in entries { texts.append("\(entry.key)=\(try text(entry.value, of: entry.key))") }
            return texts
        }
    }

    private static func text(_ value: YAMLValue, of name: String) throws(ConfigurationError) -> String {
        guard let text = value.string else {
            throw ConfigurationError(
                .wrongType, "\(value.place): \(name) is \(value.kindInWords), where one value is wanted",
                hint: "Write a text, a number, true or false; quote a text that means something else in YAML."
            )
        }
        return text
    }

    private static func unknown(
        _ entry: YAMLValue.Entry, known: [String], suggest: Suggest
    ) -> ConfigurationError {
        let nearest = suggest(entry.key, known).map { "Did you mean '\($0)'? " } ?? ""
        return ConfigurationError(
            .unknownKey, "\(entry.place): no setting '\(entry.key)'",
            hint: "\(nearest)Settings: \(known.sorted().joined(separator: ", ")).")
    }
}
