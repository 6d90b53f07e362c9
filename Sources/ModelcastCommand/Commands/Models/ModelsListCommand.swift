import Arguments
import Basics
import Catalog
import EventLog
import Snapshots

/// `modelcast models list`: every version in the catalog.
struct ModelsListCommand: Command {
    static let model = Argument("MODEL", optional: .modelName, help: "Only this model.")
    static let spec = CommandSpec(
        "list", abstract: "List the published versions and where aliases point.", arguments: [model],
        options: CommonOptions.all)

    let common: CommonOptions
    let model: ModelName?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        model = try values[Self.model]
    }

    func run() async throws {
        try await common.withCatalog("models") { session in
            let state = try await session.follower.asOfNow()
            let entries =
                try model.map { [try state.model($0)] } ?? state.models.values.sorted { $0.name < $1.name }
            let versions = entries.flatMap { entry in entry.published.map { ManifestOutput($0, in: entry) } }
            try common.output.table(
                ManifestOutput.columns, versions.map { (.object($0.members), $0.cells) },
                empty: "no models in \(session.log.name); `modelcast publish` adds one")
            try common.output.summary(
                "models list", ["models": JSON(entries.count), "versions": JSON(versions.count)])
        }
    }
}
