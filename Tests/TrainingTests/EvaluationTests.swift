import Basics
import Foundation
import Models
import Testing
import Training

@Suite struct EvaluationTests {
    @Test func theAreaCountsTiesHalf() {
        for seed in UInt64(1)...50 {
            var random = SeededRandom(seed: seed)
            let count = Int.random(in: 2..<40, using: &random)
            let scores = (0..<count).map { _ in Float(Int.random(in: 0..<6, using: &random)) / 5 }
            let positive = (0..<count).map { _ in Bool.random(using: &random) }
            var won = 0.0
            var pairs = 0.0
            for (score, isPositive) in zip(scores, positive) where isPositive {
                for (other, otherIsPositive) in zip(scores, positive) where !otherIsPositive {
                    pairs += 1
                    won += score > other ? 1 : score == other ? 0.5 : 0
                }
            }
            let area = AreaUnderCurve.of(scores: scores, isPositive: positive)
            #expect(pairs == 0 ? area.isNaN : area == won / pairs, "seed \(seed)")
        }
    }

    @Test func binaryMetricsByHand() {
        let evaluation = Evaluation.binary(
            labels: [1, 1, 1, 0, 0, 0, 0, 0], probabilities: [0.9, 0.6, 0.2, 0.7, 0.4, 0.3, 0.1, 0.5])
        #expect(evaluation.confusion == [[4, 1], [1, 2]])
        #expect(evaluation[.accuracy] == 0.75)
        #expect(evaluation[.precision] == 2.0 / 3 && evaluation[.recall] == 2.0 / 3)
        #expect(abs(evaluation[.f1] - 2.0 / 3) < 1e-15)
        #expect(evaluation[.auc] == 10.0 / 15)
        #expect(evaluation[.rmse].isNaN)
    }

    @Test func aCertainMistakeCostsMuchButNotEverything() {
        let evaluation = Evaluation.binary(labels: [1, 0], probabilities: [0, 0])
        #expect(abs(evaluation[.logLoss] - 7.971) < 0.01)
        #expect(evaluation[.precision] == 0 && evaluation[.f1] == 0)
        #expect(Evaluation.binary(labels: [1, 1], probabilities: [0.5, 1])[.auc].isNaN)
        #expect(
            !Evaluation.binary(labels: [1, 1], probabilities: [0.5, 1]).named.contains { $0.name == "auc" })
    }

    @Test func regressionMetricsByHand() {
        let evaluation = Evaluation.regression(labels: [1, 2, 3, 4], predictions: [1, 2, 3, 8])
        #expect(evaluation[.rmse] == 2 && evaluation[.mae] == 1)
        #expect(abs(evaluation[.r2] - (1 - 16.0 / 5)) < 1e-12)
    }

    @Test func requirements() throws {
        let simple = try Requirement(" auc >= 0.7 ")
        #expect(simple == Requirement(.auc, .atLeast, 0.7))
        #expect(simple.isMet(by: 0.7) && !simple.isMet(by: 0.69) && !simple.isMet(by: .nan))
        #expect(try Requirement("log_loss<0.4") == Requirement(.logLoss, .below, 0.4))
        #expect(try Requirement("validation.RMSE<=3e0").part == .validation)
        #expect("\(try Requirement("validation.rmse<=3"))" == "validation.rmse<=3.0")
        for text in [
            "auc", "auc>=", "auc=0.7", "auc>=x", "gini>=0.1", "dev.auc>=0.5", ">=0.5", "auc=>0.5", "auc>=inf",
        ] {
            #expect(throws: TrainingError(.requirement, "")) { try Requirement(text) }
        }
    }
}

@Suite struct SplitTests {
    /// From Python: int.from_bytes(hashlib.sha256(b"7:hello").digest()[:8], "big") / 2**64
    @Test func isTheDocumentedHash() {
        let split = Split(train: 0.84, validation: 0.02, seed: 7)
        // 0.84273… for this key and seed.
        #expect(split.part(key: Array("hello".utf8).span) == .validation)
        #expect(Split(train: 0.85, validation: 0.02, seed: 7).part(key: Array("hello".utf8).span) == .train)
        #expect(Split(train: 0.82, validation: 0.02, seed: 7).part(key: Array("hello".utf8).span) == .test)
    }

    @Test func sharesAreAsAsked() {
        var counts: [DataPart: Int] = [:]
        let split = Split(train: 0.6, validation: 0.3, seed: 11)
        for index in 0..<4_000 { counts[split.part(key: Array("row \(index)".utf8).span), default: 0] += 1 }
        #expect(abs((counts[.train] ?? 0) - 2_400) < 130 && abs((counts[.validation] ?? 0) - 1_200) < 120)
    }
}

@Suite struct RideSimulatorTests {
    @Test func aSeedGivesTheSameRides() throws {
        let folder = try Folder()
        var files: [String] = []
        for (name, seed) in [("a.csv", UInt64(5)), ("b.csv", 5), ("c.csv", 6)] {
            try RideSimulator.write(rows: 200, seed: seed, to: folder.path + "/" + name)
            files.append(try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8))
        }
        #expect(files[0] == files[1] && files[0] != files[2])
        #expect(files[0].split(separator: "\n").count == 201)
        #expect(files[0].hasPrefix("id,ts," + Ride.columns.joined(separator: ",") + "\n"))
    }

    @Test func ridesAreLearnableAndNoisy() {
        var simulator = RideSimulator(seed: 1)
        let rides = (0..<6_000).map { _ in simulator.ride() }
        let positive = rides.map(\.isGenerous)
        let share = Double(positive.count { $0 }) / 6_000
        #expect((0.2...0.5).contains(share), "\(share)")
        let best = AreaUnderCurve.of(scores: rides.map { Float($0.tipChance) }, isPositive: positive)
        #expect((0.86...0.94).contains(best), "\(best)")
        for ride in rides {
            #expect(ride.values.count == Ride.columns.count)
            #expect(ride.fare > 3 && ride.tips >= 0 && (0..<24).contains(ride.calendar.hour))
        }
        #expect(rides.contains { $0.paymentType == nil } && rides.contains { $0.company == nil })
        #expect(zip(rides, rides.dropFirst()).allSatisfy { $0.start <= $1.start })
        simulator.behaviour = .changed
        let later = (0..<3_000).map { _ in simulator.ride() }
        var usual = RideSimulator(seed: 1)
        _ = (0..<6_000).map { _ in usual.ride() }
        let expected = (0..<3_000).map { _ in usual.ride() }
        let stale = AreaUnderCurve.of(
            scores: expected.map { Float($0.tipChance) }, isPositive: later.map(\.isGenerous))
        #expect(stale < best - 0.1, "\(stale)")
    }
}
