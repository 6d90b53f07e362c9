import Arguments
import Basics
import Catalog
import Crypto
import Snapshots

/// `modelcast models export`: the files of a version, as they were published.
struct ModelsExportCommand: Command {
    static let directory = Argument(
        "DIR", .directory, help: "Where the files go; a new folder appears complete or not at all.")
    static let spec = CommandSpec(
        "export", abstract: "Write the files of a version into a folder, as they were published.",
        arguments: [ModelOptions.reference, directory], options: [ModelOptions.cache] + CommonOptions.all)

    let common: CommonOptions
    let reference: ModelReference
    let directory: String
    let cache: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        reference = try values[ModelOptions.reference]
        directory = try values[Self.directory]
        cache = try values[ModelOptions.cache]
    }

    func run() async throws {
        try await common.withCatalog("models") { session in
            let manifest = try await session.follower.asOfNow().resolve(reference)
            let reader = try session.reader(cacheFolder: cache)
            let progress = Progress("fetching", isBytes: true)
            try await reader.download(
                manifest, to: directory,
                progress: { done, total in progress.update(Int(done), of: Int(total)) })
            progress.finish()
            await reader.close()
            try common.output.summary(
                "models export",
                [
                    "model": .string(manifest.model.text), "version": JSON(manifest.version.number),
                    "digest": .string(manifest.digest.hex), "directory": .string(directory),
                    "files": JSON(manifest.fileCount), "bytes": .integer(manifest.byteCount),
                ],
                text: "\(manifest.model)@\(manifest.version): \(manifest.fileCount) files "
                    + "(\(Units.bytes(manifest.byteCount))) in \(directory)")
        }
    }
}
