import Arguments
import Basics
import Catalog
import Crypto
import Modelcast
import Snapshots

/// `modelcast models verify`: fetches a version from the log, and does every check that a consumer does.
struct ModelsVerifyCommand: Command {
    static let spec = CommandSpec(
        "verify", abstract: "Fetch a version from the log, check every byte, load it, score its golden rows.",
        arguments: [ModelOptions.reference], options: CommonOptions.all)

    let common: CommonOptions
    let reference: ModelReference

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        reference = try values[ModelOptions.reference]
    }

    func run() async throws {
        try await common.withCatalog("models") { session in
            let manifest = try await session.follower.asOfNow().resolve(reference)
            // Without a cache: what is in question is what the log has.
            let reader = SnapshotReader(log: session.log, topic: session.topics.chunks)
            let folder = try TemporaryFolder()
            let progress = Progress("checking", isBytes: true)
            try await reader.download(
                manifest, to: folder.path + "/snapshot",
                progress: { done, total in progress.update(Int(done), of: Int(total)) })
            progress.finish()
            let chunks = await reader.statistics.fetchedChunks
            await reader.close()
            let model = try await load(manifest, from: folder.path + "/snapshot")
            try common.output.summary(
                "models verify",
                [
                    "model": .string(manifest.model.text), "version": JSON(manifest.version.number),
                    "digest": .string(manifest.digest.hex), "bytes": .integer(manifest.byteCount),
                    "files": JSON(manifest.fileCount), "chunks": JSON(chunks),
                    "goldenRows": JSON(model.goldenRowsChecked),
                ],
                text: "\(manifest.model)@\(manifest.version) is sound: \(manifest.fileCount) files, "
                    + "\(chunks) chunks, \(Units.bytes(manifest.byteCount)), "
                    + "\(model.goldenRowsChecked) golden rows"
            )
        }
    }

    private func load(_ manifest: Manifest, from folder: String) async throws -> LoadedModel {
        let limit = Int(SnapshotLimits().memoryBytesMax)
        var files: [String: [UInt8]] = [:]
        let companions = [
            SnapshotPath.schema, SnapshotPath.pipeline, SnapshotPath.baseline, SnapshotPath.golden,
        ]
        for path in [manifest.modelFile] + companions where InputFile.exists("\(folder)/\(path)") {
            files[path] = try InputFile.read("\(folder)/\(path)", bytesMax: limit)
        }
        return try await ModelLoader().load(
            ModelFiles(files, of: manifest), name: manifest.model, version: manifest.version,
            digest: manifest.digest, manifest: manifest)
    }
}
