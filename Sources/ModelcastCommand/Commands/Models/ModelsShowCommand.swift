import Arguments
import Basics
import Catalog
import Snapshots

/// `modelcast models show`: everything that the catalog says of one version.
struct ModelsShowCommand: Command {
    static let spec = CommandSpec(
        "show", abstract: "Show one version: files, metrics, parameters, what it was made from.",
        arguments: [ModelOptions.reference], options: [ModelOptions.cache] + CommonOptions.all)

    let common: CommonOptions
    let reference: ModelReference
    let cache: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        reference = try values[ModelOptions.reference]
        cache = try values[ModelOptions.cache]
    }

    func run() async throws {
        try await common.withCatalog("models") { session in
            let state = try await session.follower.asOfNow()
            let manifest = try state.resolve(reference)
            let reader = try session.reader(cacheFolder: cache)
            let contents = try await reader.contents(of: manifest)
            await reader.close()
            let output = ManifestOutput(manifest, in: try state.model(reference.model))
            try common.output.item(output.details(contents), output.text(contents))
            try common.output.summary(
                "models show",
                ["model": .string(manifest.model.text), "version": JSON(manifest.version.number)])
        }
    }
}
