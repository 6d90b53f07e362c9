import Basics
import Catalog
import Crypto
import Modelcast
import Snapshots
import Training

/// The two models that the demonstration trains before it streams.
struct DemoModels: Sendable {
    static let name: ModelName = "tips"

    /// Logistic regression on the early rows.
    let first: TrainedModel
    /// The best of what this machine can train, on all rows.
    let second: TrainedModel
    /// The area under the ROC curve of each on the same rows, which neither was trained on.
    let aucBefore: Double
    let aucAfter: Double
    /// Rows that were held out.
    let heldOut: Int

    /// Trains both.
    static func train(_ data: DemoData, _ options: DemoOptions) async throws -> DemoModels {
        var early = TrainingRequest(data: data.early, label: options.label)
        early.include = options.include
        early.algorithms = [.logistic]
        early.refusesAnomalies = false
        let first = try await Trainer.train(early, progress: { _ in })
        var whole = TrainingRequest(data: data.path, label: options.label)
        whole.include = options.include
        whole.refusesAnomalies = false
        // Without libxgboost the better model is better by its data alone.
        whole.algorithms = BoostedTrees.isAvailable ? [.xgboost] : [.logistic]
        whole.champion = Champion(
            name: "\(name)@1",
            files: Dictionary(uniqueKeysWithValues: first.model.files.map { ($0.name, $0.bytes) }),
            modelFile: first.model.modelFile.name, tolerance: .infinity)
        let second = try await Trainer.train(whole, progress: { _ in })
        guard let before = second.championEvaluation?[.auc], let after = second.chosen.test?[.auc],
            before.isFinite, after.isFinite
        else {
            throw CommandError(
                .unsuitableData, "'\(options.label)' has not two values in \(data.path)",
                hint: "give --label a condition that is true for some rows and false for others",
                recovery: .fixInput)
        }
        return DemoModels(
            first: first.model, second: second.model, aucBefore: before, aucAfter: after,
            heldOut: second.rows.test)
    }

    /// The request that publishes `model` and moves `production` to it.
    static func request(_ model: TrainedModel) -> PublicationRequest {
        var request = PublicationRequest(
            model: name,
            modelFile: SnapshotFile(path: model.modelFile.name, source: .bytes(model.modelFile.bytes)),
            format: model.format)
        request.schema = model.file(SnapshotPath.schema).map { .bytes($0) }
        request.pipeline = model.file(SnapshotPath.pipeline).map { .bytes($0) }
        request.baseline = model.file(SnapshotPath.baseline).map { .bytes($0) }
        request.golden = model.file(SnapshotPath.golden).map { .bytes($0) }
        request.metrics = model.metrics
        request.parameters = model.parameters
        request.lineage = Lineage(dataDigest: Digest(hex: model.lineage.dataDigest))
        request.alias = .production
        request.why = "demonstration"
        return request
    }
}
