import Catalog
import EventLog
import Snapshots
import Synchronization

/// Reads every record of the catalog as soon as it is there and keeps it: the whole history, whatever
/// compaction makes of the topic meanwhile.
final class CatalogWitness: Sendable {
    private final class Mark: Sendable {
        let isSet = Atomic(false)
    }

    private let task: Task<RawCatalog, any Error>
    private let end = Mark()

    /// Begins at the topic's start.
    init(_ site: FireSite) {
        task = Task { [end] in
            var catalog = RawCatalog(model: Race.model.text)
            let log = try await site.log()
            let partition = TopicPartition(site.topics.catalog, 0)
            let reader = try await log.reader(ReaderOptions(start: [partition: .earliest]))
            var batch = RecordBatch()
            var isLast = false
            while true {
                batch.removeAll()
                switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(100)) {
                case .records: for index in 0..<batch.count { try catalog.apply(batch.record(at: index)) }
                case .caughtUp, .idle, .assigned, .revoking:
                    // Told to stop, it looks once more: nothing is written any more then.
                    if isLast {
                        await reader.close(deadline: .seconds(1))
                        await log.close(deadline: .seconds(5))
                        return catalog
                    }
                    isLast = end.isSet.load(ordering: .acquiring)
                }
            }
        }
    }

    /// All that was written; nobody writes any more.
    func testimony() async throws -> RawCatalog {
        end.isSet.store(true, ordering: .releasing)
        return try await task.value
    }
}
