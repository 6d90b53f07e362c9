import Foundation
import Testing
import Training

@Suite(.enabled(if: Oracle.python != nil, Comment(rawValue: Oracle.whySkipped)))
struct OracleTests {
    /// Weights, predictions, metrics and golden rows agree with scikit-learn, which repeats split and
    /// pipeline.
    @Test(arguments: [
        (Algorithm.logistic, TrainingTask.binary, Ride.label, "float(r['tips']) > 0.2 * float(r['fare'])"),
        (.linear, .regression, "fare", "float(r['fare'])"),
        (
            .softmax, .multiclass, "coalesce(payment_type, 'none')", "r['payment_type'] or 'none'"
        ),
    ])
    func linearModelsAreThoseOfScikitLearn(
        algorithm: Algorithm, task: TrainingTask, label: String, python: String
    ) async throws {
        let folder = try Folder()
        let data = folder.path + "/rides.csv"
        try RideSimulator.write(rows: 1_500, seed: 3, to: data)
        var request = TrainingRequest(data: data, label: label)
        request.algorithms = [algorithm]
        request.include = task == .binary ? ["fare"] : []
        let report = try await Trainer.train(request)
        #expect(report.task == task)
        let oracle = try await Oracle.check(report.model, data: data, task: task, label: python, seed: 1)
        #expect(oracle.train == report.rows.train && oracle.validation == report.rows.validation)
        #expect(oracle.test == report.rows.test)
        let scale = task == .regression ? 100.0 : 1
        #expect((oracle.weightDifference ?? .infinity) < 2e-3 * scale)
        #expect(oracle.predictionDifference < 1e-3 * scale)
        #expect(oracle.goldenDifference < 1e-5 * scale)
        for (name, value) in report.model.metrics {
            #expect(abs(value - (oracle.metrics[name] ?? .nan)) < 2e-6 * scale, "\(name)")
        }
        #expect(report.model.metrics.count == oracle.metrics.count)
    }

    /// What libxgboost fitted here is what Python fits, and what our predictor gives is what XGBoost gives.
    @Test(.enabled(if: Boosted.isHere, Comment(rawValue: Boosted.whySkipped)))
    func boostedTreesAreThoseOfPython() async throws {
        let folder = try Folder()
        let data = folder.path + "/rides.csv"
        try RideSimulator.write(rows: 1_500, seed: 4, to: data)
        var request = TrainingRequest(data: data, label: Ride.label)
        request.include = ["fare"]
        request.algorithms = [.xgboost]
        request.parameters = ["rounds": "30", "early_stopping_rounds": "0", "max_depth": "4"]
        let report = try await Trainer.train(request)
        let oracle = try await Oracle.check(
            report.model, data: data, task: .binary,
            label: "float(float(r['tips']) > 0.2 * float(r['fare']))", seed: 1)
        #expect(oracle.goldenDifference < 1e-5)
        for (name, value) in report.model.metrics {
            #expect(abs(value - (oracle.metrics[name] ?? .nan)) < 1e-5, "\(name)")
        }
        let (ours, theirs) = (try #require(oracle.metrics["auc"]), try #require(oracle.metricsAgain["auc"]))
        #expect(abs(ours - theirs) < 0.01)
    }

    static let taxi = Oracle.root.deletingLastPathComponent().appending(path: "shared/data/chicago_taxi.csv")
        .path

    @Test(
        .enabled(if: Boosted.isHere, Comment(rawValue: Boosted.whySkipped)),
        .enabled(
            if: FileManager.default.fileExists(atPath: taxi),
            "no ../shared/data/chicago_taxi.csv beside the repository"))
    func chicagoTaxiTripsLikePython() async throws {
        var request = TrainingRequest(data: Self.taxi, label: "tips > 0.2 * fare")
        request.include = ["fare"]
        request.parameters = ["rounds": "60", "early_stopping_rounds": "0"]
        request.requirements = [try Requirement("auc>=0.9")]
        request.algorithms = [.xgboost]
        let report = try await Trainer.train(request)
        #expect(report.passed, "\(report.gate)")
        #expect(report.excluded.contains { $0.column == "tips" })
        #expect(report.excluded.contains { $0.column == "pickup_census_tract" })
        let oracle = try await Oracle.check(
            report.model, data: Self.taxi, task: .binary,
            label: "float(float(r['tips']) > 0.2 * float(r['fare']))", seed: 1)
        #expect(oracle.test == report.rows.test && oracle.train == report.rows.train)
        let auc = try #require(report.model.metrics["auc"])
        #expect(abs(auc - (oracle.metrics["auc"] ?? .nan)) < 1e-6)
        #expect(abs(auc - (oracle.metricsAgain["auc"] ?? .nan)) < 0.01)
    }
}

/// Whether libxgboost can be opened, found out by training on it.
enum Boosted {
    static let whySkipped = "no libxgboost: install libxgboost0, or xgboost-cpu into .venv"
    static let isHere: Bool = BoostedTrees.isAvailable
}
