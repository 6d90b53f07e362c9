/// Turns a parser's events into a tree. Pure: it sees events only.
struct YAMLTreeBuilder {
    private enum Open {
        case sequence([YAMLValue], YAMLPlace)
        case mapping(
            [YAMLValue.Entry], keys: Set<String>, pending: (key: String, place: YAMLPlace)?, YAMLPlace)
    }

    private let file: String
    private let limits: ConfigurationLimits
    private var open: [Open] = []
    private var root: YAMLValue?
    private var documents = 0
    private var values = 0

    init(file: String, limits: ConfigurationLimits) {
        self.file = file
        self.limits = limits
    }

    /// The whole document, once `handle` has returned false.
    var document: YAMLValue {
        root ?? YAMLValue(.scalar("", isPlain: true), at: YAMLPlace(file: file, line: 1, column: 1))
    }

    /// Takes an event; false at the end.
    mutating func handle(_ event: YAMLEvent) throws(ConfigurationError) -> Bool {
        if let decoration = event.decoration {
            throw ConfigurationError(
                .unsupported, "\(event.place): \(decoration) is not allowed",
                hint: "Write the value out, plainly.")
        }
        switch event.kind {
        case .nothing: break
        case .streamEnd: return false
        case .documentStart:
            documents += 1
            if documents > 1 {
                throw ConfigurationError(
                    .unsupported, "\(event.place): a second document", hint: "Write one document into a file."
                )
            }
        case .alias:
            throw ConfigurationError(
                .unsupported, "\(event.place): an alias is not allowed", hint: "Write the value out, plainly."
            )
        case .scalar(let text, let isPlain): try scalar(text, isPlain: isPlain, at: event.place)
        case .sequenceStart: try begin(.sequence([], event.place), at: event.place)
        case .mappingStart: try begin(.mapping([], keys: [], pending: nil, event.place), at: event.place)
        case .sequenceEnd, .mappingEnd: try end()
        }
        return true
    }

    private mutating func begin(_ node: Open, at place: YAMLPlace) throws(ConfigurationError) {
        if open.count == limits.depthMax {
            throw ConfigurationError(.tooLarge, "\(place): deeper than \(limits.depthMax) levels")
        }
        try count(at: place)
        if case .mapping(_, _, pending: nil, _)? = open.last {
            throw ConfigurationError(
                .unsupported, "\(place): a key that is no text", hint: "Write a plain key.")
        }
        open.append(node)
    }

    private mutating func end() throws(ConfigurationError) {
        switch open.popLast() {
        case .sequence(let values, let place)?: add(YAMLValue(.sequence(values), at: place))
        case .mapping(let entries, _, _, let place)?: add(YAMLValue(.mapping(entries), at: place))
        case nil: preconditionFailure("the parser closed what it had not opened")
        }
    }

    private mutating func scalar(_ text: String, isPlain: Bool, at place: YAMLPlace)
        throws(ConfigurationError)
    {
        try count(at: place)
        guard case .mapping(let entries, var keys, pending: nil, let start)? = open.last else {
            add(YAMLValue(.scalar(text, isPlain: isPlain), at: place))
            return
        }
        if isPlain, text == "<<" {
            throw ConfigurationError(
                .unsupported, "\(place): a merge key is not allowed", hint: "Write the keys out, plainly.")
        }
        guard keys.insert(text).inserted else {
            throw ConfigurationError(
                .duplicateKey, "\(place): the key '\(text)' is there twice", hint: "Remove one of them.")
        }
        open[open.count - 1] = .mapping(entries, keys: keys, pending: (text, place), start)
    }

    private mutating func add(_ value: YAMLValue) {
        switch open.popLast() {
        case nil: root = value
        case .sequence(var values, let place)?:
            values.append(value)
            open.append(.sequence(values, place))
        case .mapping(var entries, let keys, let pending, let place)?:
            guard let pending else { preconditionFailure("a value without a key") }
            entries.append(YAMLValue.Entry(key: pending.key, place: pending.place, value: value))
            open.append(.mapping(entries, keys: keys, pending: nil, place))
        }
    }

    private mutating func count(at place: YAMLPlace) throws(ConfigurationError) {
        values += 1
        if values > limits.valuesMax {
            throw ConfigurationError(.tooLarge, "\(place): more than \(limits.valuesMax) values")
        }
    }
}
