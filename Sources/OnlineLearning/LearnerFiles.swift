internal import Basics
internal import Features
internal import Models
internal import Snapshots

/// What a learner starts from: schema and pipeline of a version, and the state if a learner published it.
struct LearnerFiles: Sendable {
    /// The attachment with the pipeline as it was before the learner's own last step was added.
    static let basePipelinePath = SnapshotPath.attachments + "base-pipeline.json"
    /// The attachment with the state.
    static let statePath = SnapshotPath.attachments + LearnerState.fileName
    /// What `parameters` of a learner's version say.
    static let kindKey = "learner"
    static let kind = "logistic-sgd"

    let schema: Schema
    /// The pipeline that makes the rows that are learned from.
    let pipeline: Pipeline
    let program: FeatureProgram
    let baseline: [UInt8]?
    let golden: GoldenRows?

    /// Whether a learner of this kind published `manifest`.
    static func isLearned(_ manifest: Manifest) -> Bool { manifest.parameters[kindKey] == kind }

    /// Whether a file of a snapshot is among those that a learner needs.
    static func isNeeded(_ path: String) -> Bool {
        [
            SnapshotPath.schema, SnapshotPath.pipeline, SnapshotPath.baseline, SnapshotPath.golden,
            basePipelinePath,
            statePath,
        ].contains(path)
    }

    /// Reads the files of a snapshot.
    init(_ files: [String: [UInt8]], of place: String) throws(LearningError) {
        do {
            guard let schema = files[SnapshotPath.schema] else {
                throw LearningError(
                    .noBase, "\(place) has no \(SnapshotPath.schema) to learn with",
                    hint: "publish it with --schema, or name another with --base", recovery: .fixInput)
            }
            self.schema = try Schema(decoding: schema.span)
            if let bytes = files[LearnerFiles.basePipelinePath] ?? files[SnapshotPath.pipeline] {
                pipeline = try Pipeline(decoding: bytes.span)
            } else {
                pipeline = Pipeline(self.schema.features.map { Pipeline.Column($0.name) })
            }
            program = try FeatureProgram(schema: self.schema, pipeline: pipeline)
            baseline = files[SnapshotPath.baseline]
            golden = try files[SnapshotPath.golden].map { try GoldenRows(decoding: $0.span) }
        } catch let error as LearningError {
            throw error
        } catch {
            throw LearningError(.noBase, "\(place): \(error)", recovery: .fixInput, cause: error)
        }
    }

    /// The files of a version with what `state` has learned. The same state gives the same bytes.
    func snapshot(of state: LearnerState) throws(LearningError) -> Snapshot {
        do {
            let served = servedPipeline(means: state.learner.scale.means)
            let plain = state.learner.unscaled
            let model = try LinearModel(
                kind: .logistic, intercepts: [plain.intercept], weights: plain.weights,
                featureCount: state.learner.width, featureNames: program.outputNames)
            return Snapshot(
                model: model.encoded(), schema: schema.encoded(), pipeline: served.encoded(),
                basePipeline: pipeline.encoded(), baseline: baseline,
                golden: try golden.map { try rescored($0, served, model).encoded() }, state: state.encoded())
        } catch {
            throw LearningError(
                .publication, "the learned weights make no model: \(error)", recovery: .bug, cause: error)
        }
    }

    /// The files of a version to be.
    struct Snapshot: Sendable {
        let model: [UInt8]
        let schema: [UInt8]
        let pipeline: [UInt8]
        let basePipeline: [UInt8]
        let baseline: [UInt8]?
        let golden: [UInt8]?
        let state: [UInt8]
    }

    /// The pipeline with missing values imputed by the means that the learner takes them for.
    private func servedPipeline(means: [Double]) -> Pipeline {
        var output = 0
        return Pipeline(
            pipeline.columns.map { column in
                var transforms = column.transforms
                let indicators = transforms.count {
                    if case .impute(_, indicator: true) = $0 { true } else { false }
                }
                switch transforms.last {
                case .oneHot(let categories, let unknown):
                    output += indicators + categories.count + (unknown ? 1 : 0)
                    return column
                case .hash(let buckets):
                    output += indicators + buckets
                    return column
                default: break
                }
                let place = output + indicators
                output = place + 1
                if isCategory(column) { transforms.append(.ordinal) }
                transforms.append(.impute(value: means[place], indicator: false))
                return Pipeline.Column(column.feature, transforms)
            })
    }

    /// Whether what a column writes is a category's place, to which no transform of numbers applies as it is.
    private func isCategory(_ column: Pipeline.Column) -> Bool {
        guard let index = schema.index(of: column.feature), schema.features[index].kind == .categorical else {
            return false
        }
        return !column.transforms.contains(.ordinal)
    }

    /// The same inputs with what the new model makes of them.
    private func rescored(
        _ golden: GoldenRows, _ served: Pipeline, _ model: LinearModel
    ) throws(FeatureError) -> GoldenRows {
        let program = try FeatureProgram(schema: schema, pipeline: served)
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        var rows: [Float] = []
        var scratch = FeatureScratch()
        var rescored: [GoldenRows.Row] = []
        for row in golden.rows {
            let event = row.event
            block.removeAll()
            guard decoder.decode(event.span, 0..<event.count, into: &block) == nil else { continue }
            program.write(block, into: &rows, scratch: &scratch)
            let result = model.predict(rows: Array(rows.prefix(program.outputCount)))
            rescored.append(
                GoldenRows.Row(features: row.features, prediction: Array(result.predictionValues(0))))
        }
        return GoldenRows(rescored)
    }
}
