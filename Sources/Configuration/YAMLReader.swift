internal import CYAML

/// Reads one YAML document into a tree, bounded in size, depth and count.
///
/// Refused, with file, line and column: anchors and aliases (a short file could unfold into a huge one),
/// tags, keys that are no scalars or occur twice, more than one document. An empty document is null.
public enum YAMLReader {
    /// The document in a text; `file` is its name in messages.
    public static func read(
        _ text: some StringProtocol, file: String, limits: ConfigurationLimits = ConfigurationLimits()
    ) throws(ConfigurationError) -> YAMLValue {
        try read(bytes: Array(text.utf8), file: file, limits: limits)
    }

    /// The document in a file.
    public static func read(
        contentsOf path: String, limits: ConfigurationLimits = ConfigurationLimits()
    ) throws(ConfigurationError) -> YAMLValue {
        try read(bytes: FileBytes.read(path, bytesMax: limits.fileBytesMax), file: path, limits: limits)
    }

    /// The document in bytes: UTF-8, or UTF-16 with a byte order mark.
    public static func read(
        bytes: [UInt8], file: String, limits: ConfigurationLimits = ConfigurationLimits()
    ) throws(ConfigurationError) -> YAMLValue {
        guard bytes.count <= limits.fileBytesMax else {
            throw ConfigurationError(.tooLarge, "\(file): more than \(limits.fileBytesMax) bytes")
        }
        return try YAMLParserHandle.withParser(file: file) { parser throws(ConfigurationError) in
            // libyaml keeps the pointer until the last event, so everything happens inside the closure.
            let result: Result<YAMLValue, ConfigurationError> = unsafe bytes.withUnsafeBufferPointer {
                buffer in
                unsafe parser.setInput(buffer)
                var builder = YAMLTreeBuilder(file: file, limits: limits)
                do throws(ConfigurationError) {
                    while try builder.handle(parser.next()) {}
                    return .success(builder.document)
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }
    }
}

/// What a parser reports, with the place where it begins.
struct YAMLEvent {
    enum Kind {
        case nothing
        case documentStart
        case streamEnd
        case alias
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    let kind: Kind
    let place: YAMLPlace
    /// An anchor or a tag that was written in front of the node.
    let decoration: String?
}

/// Owns a libyaml parser. Confined to the call that made it.
@safe struct YAMLParserHandle: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let file: String

    static func withParser<Value>(
        file: String, _ body: (borrowing YAMLParserHandle) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> Value {
        let handle = try YAMLParserHandle(file: file)
        return try body(handle)
    }

    private init(file: String) throws(ConfigurationError) {
        self.file = file
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw ConfigurationError(.tooLarge, "\(file): no memory for reading it")
        }
        unsafe self.parser = parser
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// The bytes to read; they must stay until the last event.
    func setInput(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    func next() throws(ConfigurationError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { unsafe yaml_event_delete(&event) }
        let place = unsafe place(event.start_mark)
        func made(_ kind: YAMLEvent.Kind, _ decoration: String? = nil) -> YAMLEvent {
            YAMLEvent(kind: kind, place: place, decoration: decoration)
        }
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return made(.streamEnd)
        case YAML_DOCUMENT_START_EVENT: return made(.documentStart)
        case YAML_ALIAS_EVENT: return made(.alias)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return unsafe made(.scalar(text, isPlain: isPlain), Self.decoration(scalar.anchor, scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe made(.sequenceStart, Self.decoration(start.anchor, start.tag))
        case YAML_SEQUENCE_END_EVENT: return made(.sequenceEnd)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe made(.mappingStart, Self.decoration(start.anchor, start.tag))
        case YAML_MAPPING_END_EVENT: return made(.mappingEnd)
        default: return made(.nothing)
        }
    }

    private static func decoration(
        _ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?
    ) -> String? {
        if let anchor = unsafe anchor { return unsafe "the anchor &" + String(cString: anchor) }
        if let tag = unsafe tag { return unsafe "the tag " + String(cString: tag) }
        return nil
    }

    private func place(_ mark: yaml_mark_t) -> YAMLPlace {
        YAMLPlace(file: file, line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }

    private func syntaxError() -> ConfigurationError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "it cannot be read"
        let context = unsafe parser.pointee.context.map { unsafe " " + String(cString: $0) } ?? ""
        // Errors of the encoding have no mark, only an offset.
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let offset = unsafe parser.pointee.problem_offset
            return ConfigurationError(
                .syntax, "\(file): \(problem) at byte \(offset)", hint: "The file must be UTF-8 text.")
        }
        let mark = unsafe parser.pointee.problem_mark
        return ConfigurationError(
            .syntax, "\(place(mark)): \(problem)\(context)", hint: "Check the YAML there.")
    }
}
