import Arguments
import Basics
import Catalog
import Crypto
import Modelcast
import Snapshots

/// `modelcast subscribe`: reacts to each version that becomes live, in any language.
struct SubscribeCommand: Command {
    static let download = Option(
        "download", optional: .directory, valueName: "DIR",
        help: "Write each version's files to DIR/VERSION; DIR/current points to the newest of them.")
    static let execute = Option(
        "exec", optional: .text, valueName: "CMD",
        help: "Run this shell command for each version, one after another.")
    static let once = Option(flag: "once", help: "Stop after the first version.")
    static let spec = CommandSpec(
        "subscribe", abstract: "Follow a model: tell, download and react to each version that becomes live.",
        discussion: """
            A version is told when it is fetched, checked and loaded, and its golden rows come out right. \
            The command of --exec finds in its environment MODELCAST_MODEL, MODELCAST_VERSION, \
            MODELCAST_DIGEST, MODELCAST_FORMAT, MODELCAST_PREVIOUS (empty at first) and MODELCAST_DIR, a \
            folder with the files, which without --download is removed when the command ends.
            """,
        arguments: [ModelOptions.reference],
        options: [download, execute, once, ModelOptions.cache, ServiceOptions.instance] + CommonOptions.all,
        examples: [
            .init("modelcast subscribe tips@production --format json", "An object for each version."),
            .init(
                "modelcast subscribe tips --download models --exec 'systemctl reload my-app'",
                "Keep a folder current and tell an application."),
        ], section: "Models")

    let common: CommonOptions
    let reference: ModelReference
    let directory: String?
    let command: String?
    let isOnce: Bool
    let cache: String?
    let instance: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        reference = try values[ModelOptions.reference]
        directory = try values[Self.download]
        command = try values[Self.execute]
        isOnce = try values[Self.once]
        cache = try values[ModelOptions.cache]
        instance = try values[ServiceOptions.instance]
    }

    func run() async throws {
        let stop = Signals.stop
        try await common.withCatalog("subscribe") { session in
            var options = SubscriptionOptions()
            options.topics = session.topics
            options.instance = instance
            options.folders = CatalogSession.folders(cache: cache)
            options.catalog = session.follower
            options.instruments = session.instruments
            let subscription = try await Subscription(
                log: session.log, reference: reference, options: options)
            let ending = Task {
                while !stop.isRaised { try await Task.sleep(for: .milliseconds(50)) }
                await subscription.close()
            }
            do {
                let versions = try await follow(subscription, session)
                ending.cancel()
                await subscription.close()
                try common.output.summary(
                    "subscribe", ["model": .string(reference.model.text), "versions": JSON(versions)])
            } catch {
                ending.cancel()
                await subscription.close()
                throw error
            }
        }
    }

    /// Reacts until the subscription ends; returns how many versions became live.
    private func follow(_ subscription: Subscription, _ session: CatalogSession) async throws -> Int {
        var versions = 0
        for await update in subscription.updates {
            guard update.kind == .live, let model = update.model, let manifest = model.manifest else {
                if let error = update.error { try report(update, error) }
                continue
            }
            versions += 1
            try await react(update, manifest, session)
            if isOnce { break }
        }
        return versions
    }

    private func react(_ update: ModelUpdate, _ manifest: Manifest, _ session: CatalogSession) async throws {
        var files: String?
        var temporary: TemporaryFolder?
        if directory != nil || command != nil {
            let folder: String
            if let directory {
                folder = directory
            } else {
                let made = try TemporaryFolder()
                temporary = made
                folder = made.path
            }
            files = "\(folder)/\(manifest.version)"
            try await download(manifest, to: "\(folder)/\(manifest.version)", session)
            if directory != nil { try LinkFile.point("\(folder)/current", to: manifest.version.description) }
        }
        try tell(update, manifest, directory == nil ? nil : files)
        guard let command else { return }
        let child = ChildProcess(
            command: command,
            environment: [
                "MODELCAST_MODEL": manifest.model.text, "MODELCAST_VERSION": manifest.version.description,
                "MODELCAST_DIGEST": manifest.digest.hex, "MODELCAST_FORMAT": manifest.format,
                "MODELCAST_PREVIOUS": update.previous?.description ?? "", "MODELCAST_DIR": files ?? "",
            ])
        do {
            try await child.run()
        } catch {
            // One failed reaction must not end the service; a single one is the whole job.
            if isOnce { throw error }
            try StandardStream.error.write(
                Array(ErrorReport(format: common.output.format, isVerbose: common.isVerbose).text(error).utf8)
            )
        }
        withExtendedLifetime(temporary) {}
    }

    /// The folder of a version holds always the same, so one that is there is right.
    private func download(_ manifest: Manifest, to folder: String, _ session: CatalogSession) async throws {
        if InputFile.exists(folder) { return }
        let reader = try session.reader(cacheFolder: cache)
        do {
            try await reader.download(manifest, to: folder)
            await reader.close()
        } catch {
            await reader.close()
            throw error
        }
    }

    private func tell(_ update: ModelUpdate, _ manifest: Manifest, _ folder: String?) throws {
        try common.output.item(
            [
                "model": .string(manifest.model.text), "version": JSON(manifest.version.number),
                "previous": JSON(update.previous) { JSON($0.number) }, "digest": .string(manifest.digest.hex),
                "format": .string(manifest.format), "createdAt": .string(manifest.createdAt.description),
                "at": .string(update.at.description),
                "loadMilliseconds": JSON(update.loading) { .rounded($0.milliseconds) },
                "sincePublishedMilliseconds": JSON(update.sincePublished) { .rounded($0.milliseconds) },
                "directory": JSON(folder) { .string($0) },
            ],
            "\(manifest.model)@\(manifest.version) is live"
                + (update.previous.map { ", before \($0)" } ?? "")
                + (update.loading.map { ", loaded in \(Units.duration($0))" } ?? "")
                + (folder.map { ", in \($0)" } ?? ""))
    }

    private func report(_ update: ModelUpdate, _ error: ModelcastError) throws {
        // With --once there is nothing better to come from a version that is refused.
        if isOnce, update.kind == .refused { throw error }
        let text = ErrorReport(format: common.output.format, isVerbose: common.isVerbose).text(error)
        try StandardStream.error.write(Array(text.utf8))
    }
}
