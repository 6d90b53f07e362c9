import Arguments
import Telemetry

/// What every command takes: where the log is, and how to print.
struct CommonOptions: Sendable {
    static let section = "Common options"
    static let format = Option(
        "format", .cases(of: Output.Format.self), default: "table", section: section,
        help: "Tables for people, or one JSON object a line for programs.")
    static let verbose = Option(
        flag: "verbose", short: "v", section: section,
        help: "Show the causes of an error, and what the program does step by step.")
    static let config = Option(
        "config", optional: .file, section: section,
        help: "A YAML file whose keys are the long names of options. A flag or MODELCAST_* overrides a key.")
    static let logLevel = Option(
        "log-level", optional: .logLevel, section: section,
        help: "The least important lines of the log to write to standard error.")
    static let logFormat = Option(
        "log-format", .cases(of: LogFormat.self), default: "text", section: section,
        help: "The form of the log's lines.")

    static let all: [any DeclaredOption] =
        BrokerOptions.all + [format, verbose, config, logLevel, logFormat]

    var broker: BrokerOptions
    let output: Output
    let isVerbose: Bool
    let logFormat: LogFormat
    private let givenLogLevel: LogLevel?

    init(values: Values) throws {
        broker = try BrokerOptions(values: values)
        output = Output(format: try Self.outputFormat(values))
        isVerbose = try values[Self.verbose]
        logFormat = try values[Self.logFormat]
        givenLogLevel = try values[Self.logLevel]
    }

    /// The form of the output. `publish` also names a model's format by `--format`, so the option may hold
    /// other words.
    static func outputFormat(_ values: Values) throws -> Output.Format {
        let words = try values[Option("format", repeated: .text, help: "")]
        return words.lazy.compactMap { Output.Format(rawValue: $0) }.last ?? .table
    }

    /// The log and the metrics of one run. A service tells of its changes of state; a job, which says itself
    /// what came of it, writes no log unless it was asked to.
    func instruments(_ component: String, isService: Bool = false) -> Instruments {
        guard isService || isVerbose || givenLogLevel != nil else { return .disabled }
        let level = givenLogLevel ?? (isVerbose ? .debug : .info)
        let log = Log(
            output: LogStream.standardError(format: logFormat), component: component, level: level)
        return Instruments(log: log, metrics: MetricsRegistry())
    }
}

extension ValueParser where Value == LogLevel {
    /// A level of the log.
    static var logLevel: Self {
        let words = ValueParser<String>.choice(LogLevel.allCases.map(\.name))
        return ValueParser(words.name, completion: words.completion) { text throws(ValueError) in
            guard let level = LogLevel(name: try words.parse(text)) else {
                throw ValueError(expected: "one of \(words.name)")
            }
            return level
        }
    }
}
