/// What every engine of `EventLog` does alike, as cases that a test runs on each.
///
/// ```swift
/// @Test(arguments: ConformanceSuite.cases(for: subject.capabilities))
/// func conforms(_ conformance: ConformanceCase) async throws { try await conformance.run(on: subject) }
/// ```
public struct ConformanceSuite: Sendable {
    /// All cases.
    public static let cases: [ConformanceCase] =
        WritingCases.all + ReadingCases.all + GroupCases.all + TransactionCases.all + FlowCases.all

    /// The cases that an engine with `capabilities` can be asked to pass.
    public static func cases(for capabilities: ConformanceSubject.Capabilities) -> [ConformanceCase] {
        cases.filter { capabilities.isSuperset(of: $0.requires) }
    }
}
