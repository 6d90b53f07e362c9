import Catalog
import EventLog
import Modelcast
import Snapshots
import Telemetry

/// What commands around models work with.
struct CatalogSession: Sendable {
    let log: any EventLog
    let topics: TopicNames
    let follower: CatalogFollower
    let instruments: Instruments
}

extension CommonOptions {
    /// Opens the log and reads its catalog; makes the catalog's topics when they are missing.
    func withCatalog<Value: Sendable>(
        _ component: String, isService: Bool = false, _ body: (CatalogSession) async throws -> Value
    ) async throws -> Value {
        let instruments = instruments(component, isService: isService)
        let topics = try topics
        return try await withLog(instruments) { log in
            try await createMissing([topics.catalog, topics.chunks, topics.audit, topics.fleet], in: log)
            let follower = try await CatalogFollower.start(log: log, topics: topics)
            // A service tells of them in its log and in the fleet topic.
            for report in await follower.reports where !isService {
                let text = "modelcast: a record of the catalog was skipped: \(report.reason)\n"
                try StandardStream.error.write(Array(text.utf8))
            }
            do {
                let value = try await body(
                    CatalogSession(log: log, topics: topics, follower: follower, instruments: instruments))
                await follower.close()
                return value
            } catch {
                await follower.close()
                throw error
            }
        }
    }
}

extension CatalogSession {
    /// Hands `body` a writer of the catalog that acts for `author`.
    func withWriter<Value: Sendable>(
        author: String?, _ body: (CatalogWriter) async throws -> Value
    ) async throws -> Value {
        let writer = CatalogWriter(
            log: log, topics: topics, follower: follower, author: author ?? Author.name)
        do {
            let value = try await body(writer)
            await writer.close()
            return value
        } catch {
            await writer.close()
            throw error
        }
    }

    /// A reader of snapshots that keeps what it fetches in `cacheFolder`.
    func reader(cacheFolder: String?) throws -> SnapshotReader {
        let folder = Self.folders(cache: cacheFolder).cache
        return SnapshotReader(
            log: log, topic: topics.chunks, cache: try folder.map { try ChunkCache(folder: $0) })
    }

    /// The user's folders, or those in `cache`.
    static func folders(cache: String?) -> LocalFolders {
        cache.map { LocalFolders(cache: "\($0)/chunks", journal: "\($0)/publications") } ?? .standard
    }
}
