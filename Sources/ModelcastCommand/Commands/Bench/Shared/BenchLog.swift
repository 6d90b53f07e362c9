import Arguments
import Basics
import Catalog
import EventLog
import Modelcast
import Telemetry

/// Topics of a benchmark's own: on a broker under a prefix of their own, or in a file that is removed
/// afterwards.
struct BenchLog: Sendable {
    /// What children of this run open.
    let url: BrokerURL
    let prefix: String
    let topics: TopicNames
    /// `kafka` or `embedded`.
    let engine: String
    let folder: TemporaryFolder
    private let common: CommonOptions

    /// Topics on the log that `common` names; a file is only used when `isFileGiven`, and made otherwise.
    init(_ common: CommonOptions, isFileGiven: Bool) throws {
        var common = common
        folder = try TemporaryFolder()
        if case .file = common.broker.url {
            engine = "embedded"
            if !isFileGiven { common.broker.url = .file(path: "\(folder.path)/log.db") }
        } else {
            engine = "kafka"
        }
        if common.broker.topicPrefix.isEmpty {
            common.broker.topicPrefix = "bench-\(String(UInt64.random(in: 0 ... .max), radix: 36))."
        }
        url = common.broker.url
        prefix = common.broker.topicPrefix
        topics = try common.topics
        self.common = common
    }

    /// Opens the log and makes the topics that are missing.
    func open() async throws -> any EventLog {
        let log = try await common.openLog(common.instruments("bench"))
        do {
            try await common.createMissing(
                [topics.catalog, topics.chunks, topics.audit, topics.fleet], in: log)
            return log
        } catch {
            await log.close(deadline: CommonOptions.closeDeadline)
            throw error
        }
    }

    /// Hands the open log to `body`, and closes it whatever happens.
    func with<Value: Sendable>(_ body: (any EventLog) async throws -> Value) async throws -> Value {
        let log = try await open()
        do {
            let value = try await body(log)
            await log.close(deadline: CommonOptions.closeDeadline)
            return value
        } catch {
            await log.close(deadline: CommonOptions.closeDeadline)
            throw error
        }
    }

    /// A publisher that keeps no journal.
    func publisher(_ log: any EventLog) async throws -> Publisher {
        var options = PublisherOptions()
        options.topics = topics
        options.author = "bench"
        options.folders = .none
        return try await Publisher(log: log, options: options)
    }

    /// Words that let a child of this program open the same log.
    var words: [String] { ["--broker", url.description, "--topic-prefix", prefix] + brokerWords }

    private var brokerWords: [String] {
        common.broker.properties.flatMap { ["--broker-config", "\($0.key)=\($0.value)"] }
            + (common.broker.propertiesFile.map { ["--broker-config-file", $0] } ?? [])
    }
}

extension ValueParser where Value == [Int] {
    /// Whole numbers from 1, separated by commas.
    static func integers(upTo most: Int) -> Self {
        ValueParser("N,N…", expected: "whole numbers from 1 to \(most), separated by commas") { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Int($0) }.filter { (1...most).contains($0) }
            return numbers.count == parts.count ? numbers : nil
        }
    }

    /// Sizes such as `10kB`, separated by commas.
    static var byteSizes: Self {
        ValueParser("SIZE,SIZE…", expected: "sizes such as 10kB or 1MB, separated by commas") { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let sizes = parts.compactMap { try? ValueParser<Int>.byteSize.parse(String($0)) }
                .filter { $0 > 0 }
            return sizes.count == parts.count ? sizes : nil
        }
    }
}
