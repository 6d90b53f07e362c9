internal import Basics
package import EventLog

/// Reads a whole topic once: for topics of low rate.
package enum TopicScan {
    /// Every record of `topic` that is there now, in the order of each partition. Throws `notFound` when the
    /// topic does not exist.
    package static func records(
        of topic: TopicName, in log: any EventLog
    ) async throws(LogError) -> [Record] {
        guard let count = try await log.partitionCount(of: topic) else {
            throw LogError(
                .notFound, "topic \(topic) does not exist", hint: "create it with `modelcast topics apply`",
                recovery: .fixConfiguration)
        }
        var left = Set((0..<count).map { TopicPartition(topic, $0) })
        let start = Dictionary(uniqueKeysWithValues: left.map { ($0, StartPosition.earliest) })
        let reader = try await log.reader(ReaderOptions(start: start))
        var records: [Record] = []
        var batch = RecordBatch()
        var silence = 0
        do throws(LogError) {
            while !left.isEmpty {
                batch.removeAll()
                switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(500)) {
                case .records:
                    silence = 0
                    records += batch.records
                case .caughtUp(let ends): left.subtract(ends.keys)
                case .idle, .assigned, .revoking:
                    silence += 1
                    guard silence < 60 else {
                        throw LogError(
                            .timedOut, "no answer while reading \(topic)", severity: .retriable,
                            recovery: .retry)
                    }
                }
            }
        } catch {
            await reader.close(deadline: .seconds(1))
            throw error
        }
        await reader.close(deadline: .seconds(1))
        return records
    }
}
