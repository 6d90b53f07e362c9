public import Basics
public import Crypto
internal import Features
internal import Models
public import Snapshots

/// Makes a model ready to score, on a thread of its own: reads the files, compiles the pipeline, scores the
/// golden rows and compares them, touches the memory that scoring will need.
///
/// Nothing in a file is executed; whatever is wrong with one is an error that names it.
public actor ModelLoader {
    private let executor: ThreadExecutor
    private let passing: @Sendable (LoadPoint) -> Void

    /// A loader with a thread of its own; with `background` priority, for a process that scores meanwhile.
    public init(priority: ThreadPriority = .normal) {
        self.init(priority: priority, passing: nil)
    }

    /// Calls `passing` on the loader's thread at each point of a load.
    init(priority: ThreadPriority, passing: (@Sendable (LoadPoint) -> Void)?) {
        executor = ThreadExecutor(name: "model-load", priority: priority)
        self.passing = passing ?? { _ in }
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Loads and checks a model. Throws the code of the layer that refused it, or `shape-mismatch`,
    /// `golden-mismatch`, `golden-unreadable`.
    public func load(
        _ files: ModelFiles, name: ModelName, version: ModelVersion, digest: Digest = Digest(of: []),
        manifest: Manifest? = nil
    ) throws(ModelcastError) -> LoadedModel {
        try load(HeldFiles(files), name: name, version: version, digest: digest, manifest: manifest)
    }

    /// The same; takes the files, and frees the model file once it is read.
    func load(
        _ held: HeldFiles, name: ModelName, version: ModelVersion, digest: Digest, manifest: Manifest?
    ) throws(ModelcastError) -> LoadedModel {
        let place = "\(name)@\(version)"
        guard var files = held.take() else { preconditionFailure("the files of \(place) were taken") }
        do {
            passing(.reading)
            let predictor = try PredictorLoader.load(files.model, format: files.format)
            files.model = []
            passing(.compiling)
            let schema = try ModelLoader.schema(files.schema, for: predictor)
            let pipeline = try files.pipeline.map { try Pipeline(decoding: $0.span) }
            let program = try FeatureProgram(schema: schema, pipeline: pipeline)
            guard program.outputCount == predictor.featureCount else {
                throw ModelcastError(
                    .shapeMismatch,
                    "\(place): the pipeline writes \(program.outputCount) numbers a row, the model takes "
                        + "\(predictor.featureCount)",
                    hint: "publish the schema and the pipeline that the model was trained with")
            }
            let baseline = try files.baseline.map { try Baseline(decoding: $0.span) }
            let golden = try files.golden.map { try GoldenRows(decoding: $0.span) }
            passing(.checking)
            if let golden {
                try GoldenCheck.run(golden, program: program, predictor: predictor, place: place)
            }
            return LoadedModel(
                name: name, version: version, digest: digest, manifest: manifest, schema: schema,
                program: program,
                predictor: predictor, baseline: baseline, goldenRowsChecked: golden?.rows.count ?? 0)
        } catch let error as ModelcastError {
            throw error
        } catch let error as any DescribedError {
            throw ModelcastError(error, at: place)
        } catch {
            throw ModelcastError(.shapeMismatch, "\(place): \(error)", recovery: .bug, cause: error)
        }
    }

    /// Scores rows of missing values in batches of the usual sizes, so that the first real batch finds the
    /// model's memory in place.
    public func warm(_ model: LoadedModel) {
        passing(.warming)
        var block = PredictionBlock()
        var scratch = PredictionScratch()
        for count in [1, 64, 1_024] {
            let rows = [Float](repeating: .nan, count: count * model.predictor.featureCount)
            model.predictor.predict(rows: rows.span, count: count, into: &block, scratch: &scratch)
        }
    }

    /// Reads the files of a snapshot to be, as far as scoring needs them.
    func read(
        _ files: [SnapshotFile], modelFile: String, limit: Int64
    ) throws(SnapshotError) -> [String: [UInt8]] {
        var bytes: [String: [UInt8]] = [:]
        for file in files where ModelFiles.isNeeded(file.path, modelFile: modelFile) {
            bytes[file.path] = try file.load(countMax: limit)
        }
        return bytes
    }

    /// The schema of the snapshot, or one that is made from the model: its names, or `f0`, `f1`, …; numbers
    /// that may be missing.
    static func schema(
        _ bytes: [UInt8]?, for predictor: any Predictor
    ) throws(FeatureError) -> Schema {
        if let bytes { return try Schema(decoding: bytes.span) }
        return try Schema.floats(names: predictor.featureNames, count: predictor.featureCount)
    }
}
