import Arguments
import Basics
import Configuration
import EventLog

/// Prints an error on standard error and says how the program ends.
///
/// For people: message, hint, and with `--verbose` the chain of causes. For programs: one object whose
/// `error` holds code, message, hint, recovery and causes.
struct ErrorReport: Sendable {
    /// Causes told at the most; a longer chain is a mistake of ours, and endless ones must end.
    private static let causesMax = 16

    let format: Output.Format
    let isVerbose: Bool

    /// How to report before the command line could be read: as far as its words tell.
    init(words: [String], environment: [String: String]) {
        let pairs = zip(words, words.dropFirst())
        let isJSON =
            words.contains("--format=json") || pairs.contains { $0 == "--format" && $1 == "json" }
            || environment["MODELCAST_FORMAT"] == "json"
        format = isJSON ? .json : .table
        isVerbose = words.contains("--verbose") || words.contains("-v")
    }

    /// Reports in this form.
    init(format: Output.Format, isVerbose: Bool) {
        self.format = format
        self.isVerbose = isVerbose
    }

    /// How the command was told to report.
    init(values: Values) throws {
        format = try CommonOptions.outputFormat(values)
        isVerbose = try values[CommonOptions.verbose]
    }

    /// Prints `error`; the status to end with.
    func report(_ error: any Error) -> ExitCode {
        if error is BrokenPipe { return .done }
        // Nothing is left to tell a person whose standard error is gone.
        try? StandardStream.error.write(Array(text(error).utf8))
        return ErrorReport.isUsage(error) ? .usage : .failed
    }

    /// Whether the command line, the environment or a configuration file is at fault.
    private static func isUsage(_ error: any Error) -> Bool {
        error is UsageError || error is ConfigurationError || (error as? LogError)?.code == .configuration
    }

    /// The error in this form, with its line end.
    func text(_ error: any Error) -> String {
        format == .json ? json(error).text + "\n" : plain(error)
    }

    /// The error for people.
    func plain(_ error: any Error) -> String {
        let told = Told(error)
        let speaker = "\(Program.name)"
        var lines = [told.message.hasPrefix(speaker) ? told.message : "\(speaker): \(told.message)"]
        if !told.hint.isEmpty { lines.append("hint: \(told.hint)") }
        if isVerbose {
            for cause in causes(of: error) { lines.append("caused by: \(cause.message) [\(cause.code)]") }
        }
        return lines.map { line in
            line.split(separator: "\n").map { Table.printable(String($0)) }.joined(separator: "\n") + "\n"
        }.joined()
    }

    /// The error for programs.
    func json(_ error: any Error) -> JSON {
        let told = Told(error)
        let causes = causes(of: error).map { cause -> JSON in
            ["code": .string(cause.code), "message": .string(cause.message)]
        }
        return [
            "error": [
                "code": .string(told.code), "message": .string(told.message), "hint": .string(told.hint),
                "recovery": .string(told.recovery.rawValue), "causes": .array(causes),
            ]
        ]
    }

    /// Message and hint of any error.
    static func parts(of error: any Error) -> (message: String, hint: String) {
        let told = Told(error)
        return (told.message, told.hint)
    }

    private func causes(of error: any Error) -> [Told] {
        var causes: [Told] = []
        var next = Told.cause(of: error)
        while let cause = next, causes.count < Self.causesMax {
            causes.append(Told(cause))
            next = Told.cause(of: cause)
        }
        return causes
    }

    /// The parts of any error.
    private struct Told {
        let code: String
        let message: String
        let hint: String
        let recovery: Recovery

        static func cause(of error: any Error) -> (any Error)? {
            (error as? any DescribedError)?.cause ?? (error as? ConfigurationError)?.cause
        }

        init(_ error: any Error) {
            switch error {
            case let error as any DescribedError:
                code = error.codeName
                message = error.message
                hint = error.hint
                recovery = error.recovery
            case let error as UsageError:
                code = error.code.description.replacing(" ", with: "-")
                message = error.message
                hint = error.hint
                recovery = .fixInput
            case let error as ConfigurationError:
                code = "configuration-\(error.code)"
                message = error.message
                hint = error.hint
                recovery = .fixConfiguration
            case is CancellationError:
                code = "stopped"
                message = "stopped before it was done"
                hint = "run the same command again"
                recovery = .restart
            default:
                code = "unknown"
                message = "\(error)"
                hint = ""
                recovery = .bug
            }
        }
    }
}
