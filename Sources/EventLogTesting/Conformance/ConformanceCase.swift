public import Basics
internal import Glibc

/// One thing that every engine does.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// What the engine does, as a sentence.
    public let name: String
    /// What the engine must be able to do for the case to make sense.
    public let requires: ConformanceSubject.Capabilities
    let body: @Sendable (ConformanceRun) async throws -> Void

    init(
        _ name: String, requires: ConformanceSubject.Capabilities = [],
        body: @Sendable @escaping (ConformanceRun) async throws -> Void
    ) {
        self.name = name
        self.requires = requires
        self.body = body
    }

    public var description: String { name }

    /// Runs the case; throws `ConformanceFailure` when the engine does otherwise. The seed of random choices
    /// is taken from `MODELCAST_SEED` if that is set; every failure names it.
    public func run(on subject: ConformanceSubject) async throws {
        let given = unsafe getenv("MODELCAST_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        let run = ConformanceRun(subject: subject, seed: given ?? UInt64.random(in: 0...UInt64(Int64.max)))
        do {
            try await body(run)
        } catch {
            await run.closeAll()
            throw ConformanceFailure(
                subject: subject.name, test: name, seed: run.seed, what: "\(error)", cause: error)
        }
        await run.closeAll()
    }
}

/// What an engine did otherwise.
public struct ConformanceFailure: DescribedError {
    let subject: String
    let test: String
    let seed: UInt64
    let what: String
    public let cause: (any Error)?

    public var codeName: String { "conformance" }
    public var message: String { "\(subject): '\(test)': \(what)" }
    public var hint: String { "MODELCAST_SEED=\(seed) repeats it" }
    public var recovery: Recovery { .bug }
}
