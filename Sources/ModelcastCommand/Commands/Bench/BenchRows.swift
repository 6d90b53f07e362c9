import Basics
import Models
import Tabular

/// The rows that `bench score` rotates over.
struct BenchRows: Sendable {
    let floats: [Float]
    let count: Int
    /// Rows made where no file is given.
    static let generatedCount = 65_536
    /// Floats held at the most.
    static let floatsMax = 1 << 28

    /// The rows again and again, until there are `count` of them at the least.
    func repeated(toAtLeast count: Int) -> BenchRows {
        guard self.count < count else { return self }
        var floats = floats
        let times = (count + self.count - 1) / self.count
        for _ in 1..<times { floats += self.floats }
        return BenchRows(floats: floats, count: times * self.count)
    }

    /// Numbers from a normal distribution, one in twenty missing: the same ones every time.
    static func generated(width: Int, seed: UInt64 = 1) throws -> BenchRows {
        let count = min(generatedCount, max(1, floatsMax / max(1, width)))
        var random = SeededRandom(seed: seed)
        var floats: [Float] = []
        floats.reserveCapacity(count * width)
        for _ in 0..<count * width {
            // The sum of twelve uniform numbers is near enough to a normal one.
            var sum = -6.0
            for _ in 0..<12 { sum += random.unit() }
            floats.append(random.unit() < 0.05 ? .nan : Float(sum))
        }
        return BenchRows(floats: floats, count: count)
    }

    /// The rows of a file: columns by the predictor's names where it has them, else by position. What is no
    /// number is missing.
    static func read(_ path: String, input: InputOptions, predictor: any Predictor) throws -> BenchRows {
        let names = predictor.featureNames ?? []
        let reader = try TableReader(
            ByteSource(path: path), format: TabularFormat.of(path, given: input.format), header: input.header,
            expectedColumns: names)
        let width = predictor.featureCount
        var batch = RowBatch()
        var floats: [Float] = []
        while try reader.read(into: &batch) {
            if let reject = batch.rejects.first { throw reject.error(file: reader.name) }
            let columns = reader.columns
            let byName = names.map { columns.firstIndex(of: $0) }
            let places: [Int?] = byName.contains { $0 != nil } ? byName : (0..<width).map { $0 }
            for row in 0..<batch.count {
                for place in places {
                    let value =
                        place.flatMap { batch.real(row, $0) ?? batch.boolean(row, $0).map { $0 ? 1 : 0 } }
                    floats.append(Float(value ?? .nan))
                }
            }
            guard floats.count <= floatsMax else { break }
        }
        guard width > 0, !floats.isEmpty else {
            throw CommandError(
                .notFound, "\(path) has no row for the \(width) features of the model", recovery: .fixInput)
        }
        return BenchRows(floats: floats, count: floats.count / width)
    }
}
