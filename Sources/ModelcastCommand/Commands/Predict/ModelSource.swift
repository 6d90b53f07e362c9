import Arguments
import Basics
import BatchScoring
import Catalog
import Crypto
import Modelcast
import Snapshots

/// Where the model of `predict` and `batch run` comes from: the catalog, or a file.
struct ModelSource: Sendable {
    static let model = Option(
        "model", .text, valueName: "MODEL[@ALIAS|@V]|FILE",
        help: "A published version, or a model file (with its folder, or with a suffix).")
    static let schema = Option(
        "schema", optional: .file,
        help: "The features that a model file takes; without it, told from the file.")
    static let pipeline = Option(
        "pipeline", optional: .file, help: "The transforms between features and a model file's inputs.")

    static let options: [any DeclaredOption] = [schema, pipeline, ModelOptions.cache]

    private enum Place: Sendable {
        case published(ModelReference)
        case file(String)
    }

    private let place: Place
    private let schemaFile: String?
    private let pipelineFile: String?
    private let cache: String?
    /// Larger schemas and pipelines are none.
    private static let companionBytesMax = 64 << 20

    init(values: Values) throws {
        let text = try values[Self.model]
        schemaFile = try values[Self.schema]
        pipelineFile = try values[Self.pipeline]
        cache = try values[ModelOptions.cache]
        if Self.isFile(text) {
            place = .file(text)
            return
        }
        do throws(ValueError) {
            place = .published(try ValueParser<ModelReference>.modelReference.parse(text))
        } catch {
            throw UsageError(
                .invalidValue, "--model: '\(text)' is not valid",
                hint: "Expected a file, or \(error.expected).")
        }
        guard schemaFile == nil, pipelineFile == nil else {
            throw UsageError(
                .conflict, "--schema and --pipeline belong to a model file; \(text) brings its own",
                hint: "Leave them out, or name the file as ./\(text).")
        }
    }

    /// A slash, or the suffix of a model file: names of models have no slash, and seldom such an end.
    private static func isFile(_ text: String) -> Bool {
        text.contains("/") || [".json", ".ubj", ".txt", ".onnx", ".pmml"].contains(where: text.hasSuffix)
    }

    /// The model, ready to score.
    func load(_ common: CommonOptions) async throws -> ScoringModel {
        switch place {
        case .published(let reference):
            return try await common.withCatalog("predict") { session in
                let manifest = try await session.follower.asOfNow().resolve(reference)
                return ScoringModel(try await session.load(manifest, cache: cache))
            }
        case .file(let path):
            let bytes = try InputFile.read(path, bytesMax: Int(SnapshotLimits().memoryBytesMax))
            let files = ModelFiles(
                model: bytes,
                schema: try schemaFile.map { try InputFile.read($0, bytesMax: Self.companionBytesMax) },
                pipeline: try pipelineFile.map { try InputFile.read($0, bytesMax: Self.companionBytesMax) })
            let model = try await ModelLoader().load(files, name: "file", version: 1)
            return ScoringModel(
                name: path.split(separator: "/").last.map(String.init) ?? path, version: 0,
                digest: Digest(of: bytes).hex, program: model.program, predictor: model.predictor)
        }
    }
}

extension CatalogSession {
    /// Fetches, checks and compiles one version.
    func load(_ manifest: Manifest, cache: String?) async throws -> LoadedModel {
        let reader = try reader(cacheFolder: cache)
        do {
            let companions = [
                SnapshotPath.schema, SnapshotPath.pipeline, SnapshotPath.baseline, SnapshotPath.golden,
            ]
            let bytes = try await reader.read(manifest) {
                $0 == manifest.modelFile || companions.contains($0)
            }
            await reader.close()
            return try await ModelLoader().load(
                ModelFiles(bytes, of: manifest), name: manifest.model, version: manifest.version,
                digest: manifest.digest, manifest: manifest)
        } catch {
            await reader.close()
            throw error
        }
    }
}
