/// Everything a command was told, from the command line and from every other place, typed on access.
public struct Values: Sendable {
    struct Entry: Sendable {
        let texts: [String]
        let place: String
    }

    static let defaultPlace = "the default"

    let options: [String: Entry]
    let arguments: [String: [String]]
    let call: String

    /// The value of an option that the command declares.
    public subscript<Result>(option: Option<Result>) -> Result {
        get throws(UsageError) {
            do throws(ValueError) {
                return try option.read(options[option.spec.name]?.texts ?? [])
            } catch {
                throw UsageError(
                    .missingOption, "\(call): --\(option.spec.name) is missing",
                    hint: "Expected \(error.expected).")
            }
        }
    }

    /// The value of a positional argument that the command declares.
    public subscript<Result>(argument: Argument<Result>) -> Result {
        get throws(UsageError) {
            do throws(ValueError) {
                return try argument.read(arguments[argument.spec.name] ?? [])
            } catch {
                throw UsageError(
                    .missingArgument, "\(call): \(argument.spec.name) is missing",
                    hint: "Expected \(error.expected).")
            }
        }
    }

    /// Whether an option was given anywhere, rather than left to its default.
    public func isGiven(_ option: any DeclaredOption) -> Bool {
        options[option.spec.name].map { $0.place != Self.defaultPlace } ?? false
    }

    /// Where an option's value came from, in words: `the command line`, `MODELCAST_BROKER`, `score.yaml:3`;
    /// nil when it has none.
    public func place(of option: any DeclaredOption) -> String? { options[option.spec.name]?.place }
}
