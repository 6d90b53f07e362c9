import Basics
import Glibc
import OnlineLearning
import Testing

@Suite struct RunningScaleTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func agreesWithTheTwoPassFormula(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var scale = RunningScale(width: 3)
        var columns: [[Double]] = [[], [], []]
        for _ in 0..<500 {
            let row = (0..<3).map { column in
                random.next() % 5 == 0 ? Float.nan : Float(random.unit() * 1e3 + 1e4 * Double(column))
            }
            scale.update(row)
            for column in 0..<3 where !row[column].isNaN { columns[column].append(Double(row[column])) }
        }
        for column in 0..<3 {
            let values = columns[column]
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
            #expect(abs(scale.means[column] - mean) < 1e-9 * abs(mean), "seed \(seed)")
            #expect(abs(scale.deviation(column) - variance.squareRoot()) < 1e-6, "seed \(seed)")
        }
    }

    @Test func aConstantColumnHasDeviationOne() {
        var scale = RunningScale(width: 1)
        for _ in 0..<10 { scale.update([7]) }
        #expect(scale.deviation(0) == 1)
    }
}

@Suite struct LogisticLearnerTests {
    /// Examples of a known logistic model over columns of very different size.
    static func examples(_ count: Int, seed: UInt64) -> [(row: [Float], label: Bool)] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            let a = random.unit() * 2 - 1
            let b = random.unit() * 2 - 1
            let row = [
                Float(1_000 + 50 * a), Float(b * 0.001), random.next() % 10 == 0 ? Float.nan : Float(a),
            ]
            return (row, 2 * a - 3 * b + 0.3 * (random.unit() - 0.5) > 0)
        }
    }

    @Test func learnsASeparableStreamWhateverTheScales() {
        var learner = LogisticLearner(width: 3)
        var window = Prequential(window: 2_000)
        for (row, label) in Self.examples(10_000, seed: 5) {
            window.add(score: Float(learner.probability(row)), label: label)
            learner.learn(row, label: label)
        }
        #expect(window.metrics.accuracy > 0.93)
        #expect((window.metrics.auc ?? 0) > 0.98)
    }

    @Test func theUnscaledFormIsTheSameFunction() {
        var learner = LogisticLearner(width: 3)
        let examples = Self.examples(2_000, seed: 6)
        for (row, label) in examples { learner.learn(row, label: label) }
        let plain = learner.unscaled
        for (row, _) in examples.prefix(200) {
            let filled = row.enumerated().map { $1.isNaN ? Float(learner.scale.means[$0]) : $1 }
            let margin = zip(plain.weights, filled).reduce(Double(plain.intercept)) {
                $0 + Double($1.0) * Double($1.1)
            }
            let probability = 1 / (1 + exp(-margin))
            #expect(abs(probability - learner.probability(row)) < 1e-4)
        }
    }

    @Test func aStoredLearnerGoesOnTheSame() throws {
        var whole = LogisticLearner(width: 3)
        var first = whole
        let examples = Self.examples(400, seed: 7)
        for (row, label) in examples { whole.learn(row, label: label) }
        for (row, label) in examples.prefix(150) { first.learn(row, label: label) }
        let scale = try #require(
            RunningScale(counts: first.scale.counts, means: first.scale.means, squares: first.scale.squares))
        var second = try #require(
            LogisticLearner(
                settings: first.settings, scale: scale, weights: first.weights, intercept: first.intercept,
                examples: first.examples))
        for (row, label) in examples.dropFirst(150) { second.learn(row, label: label) }
        #expect(second == whole)
    }
}

@Suite struct LabelJoinTests {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func everyPairMeetsOnceWhateverTheOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let ids = (0..<40).map { [UInt8($0)] }
        var arrivals: [(isEvent: Bool, id: [UInt8])] = ids.map { (true, $0) } + ids.map { (false, $0) }
        arrivals.shuffle(using: &random)
        var join = LabelJoin()
        var examples: [LabelJoin.Example] = []
        for (order, arrival) in arrivals.enumerated() {
            let moment = LabelJoin.Moment(
                timestamp: Timestamp(milliseconds: Int64(order)), partition: 0, offset: Int64(order))
            let example =
                arrival.isEvent
                ? join.add(event: arrival.id, row: [Float(arrival.id[0])], at: moment)
                : join.add(label: arrival.id[0] % 2 == 0, of: arrival.id, at: moment)
            if let example { examples.append(example) }
        }
        #expect(examples.map { $0.row[0] }.sorted() == ids.map { Float($0[0]) }, "seed \(seed)")
        #expect(examples.allSatisfy { $0.label == (Int($0.row[0]) % 2 == 0) }, "seed \(seed)")
        #expect(join.events.isEmpty && join.labels.isEmpty)
    }

    @Test func tooManyWaitingGiveUpTheOldest() {
        var join = LabelJoin(waitingMax: 16)
        for number in 0..<20 {
            let moment = LabelJoin.Moment(
                timestamp: Timestamp(milliseconds: Int64(number)), partition: 0, offset: Int64(number))
            _ = join.add(event: [UInt8(number)], row: [], at: moment)
        }
        #expect(join.givenUp == 4)
        #expect(Set(join.events.keys) == Set((4..<20).map { [UInt8($0)] }))
    }
}

@Suite struct PrequentialTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func areaUnderCurveIsTheShareOfPairsInOrder(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var window = Prequential(window: 1_000)
        var scored: [(Float, Bool)] = []
        for _ in 0..<200 {
            let score = Float(Int(random.unit() * 20)) / 20
            let label = random.unit() < Double(score)
            window.add(score: score, label: label)
            scored.append((score, label))
        }
        var pairs = 0.0
        var ordered = 0.0
        for (a, positive) in scored where positive {
            for (b, other) in scored where !other {
                pairs += 1
                ordered += a > b ? 1 : a == b ? 0.5 : 0
            }
        }
        let auc = try #require(window.metrics.auc)
        #expect(abs(auc - ordered / pairs) < 1e-12, "seed \(seed)")
    }

    @Test func oneClassHasNoCurve() {
        var window = Prequential(window: 10)
        for _ in 0..<25 { window.add(score: 0.7, label: true) }
        #expect(window.metrics.auc == nil)
        #expect(window.metrics.accuracy == 1)
        #expect(window.metrics.count <= 10)
    }
}
