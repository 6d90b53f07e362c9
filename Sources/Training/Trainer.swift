internal import Basics
internal import Features
internal import Synchronization

/// Trains models from a table.
///
/// ```swift
/// var request = TrainingRequest(data: "rides.csv", label: "tips > 0.2 * fare")
/// request.include = ["fare"]
/// request.requirements = [try Requirement("auc>=0.7")]
/// let report = try await Trainer.train(request)
/// guard report.passed else { … }
/// for file in report.model.files { … }
/// ```
public enum Trainer {
    /// Loads the table, fits the algorithms, evaluates them, and makes a snapshot of the best.
    ///
    /// The work runs on a thread of its own. Cancelling the task ends it between rounds, batches of rows and
    /// steps of the fit, with `cancelled`. `progress` is called on that thread.
    ///
    /// Throws `TrainingError`; a model that fails its requirements is no error, see `TrainingReport.passed`.
    public static func train(
        _ request: TrainingRequest, progress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) async throws(TrainingError) -> TrainingReport {
        let flag = Flag()
        let executor = ThreadExecutor(name: "training")
        let result: Result<TrainingReport, TrainingError> = await withTaskCancellationHandler {
            await executor.run {
                do throws(TrainingError) {
                    var run = TrainingRun(request, progress, { flag.isSet })
                    return .success(try run.run())
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }
}
