import Basics
import Features
import Foundation
import Models
import Tabular
import Testing
import Training

@Suite struct TrainerTests {
    /// Rides in a file, and a request for the linear family.
    private func request(_ folder: Folder, rows: Int = 1_200, seed: UInt64 = 1) throws -> TrainingRequest {
        let path = folder.path + "/rides.csv"
        try RideSimulator.write(rows: rows, seed: seed, to: path)
        var request = TrainingRequest(data: path, label: Ride.label)
        request.algorithms = [.logistic]
        return request
    }

    private func message(_ request: TrainingRequest) async -> String {
        do {
            _ = try await Trainer.train(request)
            return "no error"
        } catch {
            return "\(error.codeName): \(error.message)"
        }
    }

    @Test func whatTheLabelMentionsIsNoFeature() async throws {
        let folder = try Folder()
        var request = try request(folder)
        let report = try await Trainer.train(request)
        let schema = try #require(report.model.file("schema.json"))
        let names = try Schema(decoding: schema.span).features.map(\.name)
        #expect(!names.contains("tips") && !names.contains("fare"))
        #expect(names.contains("payment_type"))
        let reasons = Dictionary(uniqueKeysWithValues: report.excluded.map { ($0.column, $0.reason) })
        #expect(reasons["tips"] == "the label mentions it" && reasons["fare"] == "the label mentions it")
        #expect(reasons["pickup_census_tract"] == "it has no value in any row")
        #expect(reasons["id"]?.contains("identify rows") == true)
        #expect(report.notices.contains { $0.hasPrefix("tips is no feature") })
        request.include = ["fare"]
        request.exclude = ["company"]
        let other = try await Trainer.train(request)
        let included = try #require(other.model.file("schema.json"))
        let otherNames = try Schema(decoding: included.span).features.map(\.name)
        #expect(
            otherNames.contains("fare") && !otherNames.contains("tips") && !otherNames.contains("company"))
        #expect(try #require(other.chosen.test)[.auc] > 0.75)
    }

    @Test func sameDataAndSeedGiveTheSameBytes() async throws {
        let folder = try Folder()
        var request = try request(folder)
        request.algorithms = BoostedTrees.isAvailable ? [.logistic, .xgboost] : [.logistic]
        request.metric = .auc
        request.parameters = ["rounds": "15"]
        let first = try await Trainer.train(request)
        let second = try await Trainer.train(request)
        #expect(first.model.files == second.model.files)
        #expect(
            first.model.metrics == second.model.metrics && first.model.parameters == second.model.parameters)
        #expect(
            first.model.files.map(\.name)
                == ["model.json", "schema.json", "pipeline.json", "baseline.json", "golden.json"])
        request.split.seed = 2
        let other = try await Trainer.train(request)
        #expect(first.model.files != other.model.files)
    }

    @Test func theSnapshotServesWhatWasReported() async throws {
        let folder = try Folder()
        var request = try request(folder)
        request.goldenRows = 7
        let report = try await Trainer.train(request)
        let (schemaFile, pipelineFile, goldenFile) = (
            try #require(report.model.file("schema.json")), try #require(report.model.file("pipeline.json")),
            try #require(report.model.file("golden.json"))
        )
        let golden = try GoldenRows(decoding: goldenFile.span)
        #expect(golden.rows.count == 7)
        let schema = try Schema(decoding: schemaFile.span)
        let program = try FeatureProgram(schema: schema, pipeline: try Pipeline(decoding: pipelineFile.span))
        let predictor = try PredictorLoader.load(report.model.modelFile.bytes, format: report.model.format)
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        for row in golden.rows {
            let event = row.event
            #expect(decoder.decode(event.span, 0..<event.count, into: &block) == nil)
        }
        var rows: [Float] = []
        var scratch = FeatureScratch()
        program.write(block, into: &rows, scratch: &scratch)
        let results = predictor.predict(rows: Array(rows.prefix(7 * program.outputCount)))
        for row in golden.rows.indices {
            #expect(golden.mismatch(row, prediction: results.predictionValues(row), scores: []) == nil)
        }
        #expect(Set(results.predictions.prefix(7)).count > 3)
        let baselineFile = try #require(report.model.file("baseline.json"))
        let baseline = try Baseline(decoding: baselineFile.span)
        #expect(baseline.rows == report.rows.train)
        #expect(report.model.lineage.dataDigest.count == 64)
    }

    @Test func theGateDecides() async throws {
        let folder = try Folder()
        var request = try request(folder)
        request.requirements = [try Requirement("auc>=0.6"), try Requirement("log_loss<=0.01")]
        let report = try await Trainer.train(request)
        #expect(report.gate.map(\.passed) == [true, false] && !report.passed)
        #expect(report.gate[1].detail.contains("required is <= 0.01"))
        request.requirements = [try Requirement("rmse<=1")]
        #expect(await message(request).hasPrefix("training-request: rmse does not apply to a binary label"))
    }

    @Test func theChampionIsMetOnTheSameRows() async throws {
        let folder = try Folder()
        var request = try request(folder)
        let weak = request
        request.include = ["fare"]
        let strong = try await Trainer.train(request)
        var excluding = weak
        excluding.exclude = ["payment_type", "trip_start_hour"]
        let poor = try await Trainer.train(excluding)
        func champion(_ report: TrainingReport) -> Champion {
            Champion(
                name: "tips@1",
                files: Dictionary(uniqueKeysWithValues: report.model.files.map { ($0.name, $0.bytes) }))
        }
        request.champion = champion(poor)
        let better = try await Trainer.train(request)
        #expect(better.passed)
        #expect(better.championEvaluation?[.auc] == poor.chosen.test?[.auc])
        excluding.champion = champion(strong)
        let worse = try await Trainer.train(excluding)
        #expect(!worse.passed && worse.gate.count == 1)
        // Equal is not worse.
        request.champion = champion(strong)
        #expect(try await Trainer.train(request).passed)
    }

    @Test func aChampionThatCannotBeComparedFailsTheGate() async throws {
        let folder = try Folder()
        var request = try request(folder)
        request.champion = Champion(name: "tips@1", files: [:])
        let report = try await Trainer.train(request)
        #expect(!report.passed && report.gate[0].detail.contains("has no file model.json"))
    }

    @Test func anomaliesAreRefusedWithTheirLines() async throws {
        let folder = try Folder()
        let header = "id,age,city,y\n"
        let rows = (1...200).map { "\($0),\($0 % 90),\($0 % 3 == 0 ? "a" : "b"),\($0 % 2)" }
        var changed = rows
        changed[9] = "10,unknown,a,1"
        changed[19] = "20,25"
        var request = TrainingRequest(
            data: try folder.write("a.csv", header + changed.joined(separator: "\n")), label: "y")
        request.algorithms = [.logistic]
        let refusal = await message(request)
        #expect(
            refusal.contains("1 row cannot be read, the first: 2 cells where there are 4 columns (line 21)"))
        #expect(refusal.contains("age: 1 of 199 cells are text, the others numbers (line 11)"))
        request.refusesAnomalies = false
        #expect(try await Trainer.train(request).anomalies.count >= 2)
        changed = rows
        changed[49] = "50,500,c,1"
        changed[51] = "51,,a,0"
        request = TrainingRequest(
            data: try folder.write("b.csv", header + changed.joined(separator: "\n")), label: "y")
        request.algorithms = [.logistic]
        request.idColumn = "id"
        request.schema = try Schema([
            Feature("age", .integer, isRequired: true, range: 0...120),
            Feature("city", .categorical, categories: ["a", "b"]),
        ])
        let all = await message(request)
        #expect(
            all.contains("id: 2 rows share their id with another row (lines 52, 53)"))
        #expect(all.contains("age: 1 row without the required value (line 53)"))
        #expect(all.contains("age: 1 row outside 0.0 to 120.0 (line 51)"))
        #expect(all.contains("city: 1 row with a category that the schema does not list: \"c\" (line 51)"))
    }

    @Test func warningsDoNotRefuse() async throws {
        let folder = try Folder()
        let rows = (1...300).map { "\($0 % 17),same,,\($0 % 2 == 0 ? 1 : 0)" }
        var request = TrainingRequest(
            data: try folder.write("a.csv", "x,constant,empty,y\n" + rows.joined(separator: "\n")), label: "y"
        )
        request.algorithms = [.logistic]
        let report = try await Trainer.train(request)
        #expect(
            report.anomalies.map(\.kind) == [.constant, .allMissing]
                && report.anomalies.allSatisfy(\.isWarning))
        #expect(Set(report.excluded.map(\.column)) == ["constant", "empty", "y"])
        #expect(report.statistics.map(\.name) == ["x", "constant", "empty", "y"])
        #expect(report.statistics[0].distinct == 17 && report.statistics[0].minimum == 0)
    }

    @Test func rowsWithoutALabelAreLeftOut() async throws {
        let folder = try Folder()
        let rows = (1...300).map { "\($0 % 7),\($0 % 10 == 0 ? "" : $0 % 7 > 3 ? "yes" : "no")" }
        var request = TrainingRequest(
            data: try folder.write("a.csv", "x,y\n" + rows.joined(separator: "\n")), label: "y")
        request.splitKey = "x"
        #expect(await message(request).contains("rows"))
        request.splitKey = nil
        request.algorithms = [.logistic]
        request.table.header = .present
        let rowsWithNumber = (1...300).map {
            "\($0),\($0 % 7),\($0 % 10 == 0 ? "" : $0 % 7 > 3 ? "yes" : "no")"
        }
        request.data = try folder.write("b.csv", "n,x,y\n" + rowsWithNumber.joined(separator: "\n"))
        let report = try await Trainer.train(request)
        #expect(report.rows.unlabelled == 30 && report.rows.total == 300)
        #expect(report.classes == ["no", "yes"] && report.task == .binary)
        #expect(report.model.parameters["classes"] == "no,yes")
        #expect(try #require(report.chosen.test)[.accuracy] > 0.9)
    }

    @Test func labelsThatAreNone() async throws {
        let folder = try Folder()
        let path = try folder.write(
            "a.csv", "x,y,z\n" + (1...100).map { "\($0),1,\($0).5" }.joined(separator: "\n"))
        var request = TrainingRequest(data: path, label: "y")
        #expect(await message(request).contains("has one value only"))
        request.label = "w > 1"
        #expect(await message(request).contains("no such column: w"))
        request.label = "1 + 1"
        #expect(await message(request).contains("mentions no column"))
        request.label = "nullif(y, 1)"
        #expect(await message(request).contains("is NULL in every row"))
        request.label = "z"
        request.algorithms = [.logistic]
        #expect(await message(request).contains("logistic cannot be fitted to a regression label"))
        request.exclude = ["nothing"]
        #expect(await message(request).contains("has no column nothing"))
    }

    @Test func aFeatureMayBeComputedInSQL() async throws {
        let folder = try Folder()
        let path = folder.path + "/rides.csv"
        try RideSimulator.write(rows: 800, seed: 2, to: path)
        var request = TrainingRequest(data: path, label: Ride.label)
        request.algorithms = [.logistic]
        request.include = ["fare / (trip_miles + 1) AS fare_per_mile"]
        let report = try await Trainer.train(request)
        let schema = try #require(report.model.file("schema.json"))
        #expect(try Schema(decoding: schema.span).features.last?.name == "fare_per_mile")
        #expect(report.notices.contains { $0.contains("events must carry it") })
    }

    @Test func cancellingEndsIt() async throws {
        let folder = try Folder()
        var request = try request(folder, rows: 3_000)
        request.algorithms = BoostedTrees.isAvailable ? [.xgboost] : [.logistic]
        request.parameters = ["rounds": "100000", "early_stopping_rounds": "0"]
        let running = request
        let task = Task { () async -> String in
            await message(running)
        }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        #expect(await task.value.hasPrefix("training-cancelled"))
    }
}

@Suite(.enabled(if: Boosted.isHere, Comment(rawValue: Boosted.whySkipped)))
struct BoostedTreesTests {
    private func train(
        _ parameters: [String: String], label: String = Ride.label, seed: UInt64 = 1
    ) async throws -> TrainingReport {
        let folder = try Folder()
        let path = folder.path + "/rides.csv"
        try RideSimulator.write(rows: 1_500, seed: seed, to: path)
        var request = TrainingRequest(data: path, label: label)
        request.include = label == Ride.label ? ["fare"] : []
        request.algorithms = [.xgboost]
        request.parameters = parameters
        return try await Trainer.train(request)
    }

    @Test func stopsEarlyAndKeepsTheBestRound() async throws {
        let report = try await train(["rounds": "400", "eta": "0.5", "early_stopping_rounds": "5"])
        let rounds = try #require(report.model.parameters["rounds"].flatMap { Int($0) })
        #expect(rounds < 100)
        #expect(report.model.parameters["eta"] == "0.5")
        // The same number of rounds without stopping is the same model.
        let again = try await train([
            "rounds": "\(rounds)", "learning_rate": "0.5", "early_stopping_rounds": "0",
        ])
        #expect(report.model.metrics == again.model.metrics)
    }

    @Test func learnsWhatALinearModelCannot() async throws {
        let report = try await train(["rounds": "60"])
        #expect(try #require(report.chosen.test)[.auc] > 0.8)
        #expect(report.model.lineage.libraryVersion?.isEmpty == false)
        let (schema, pipeline) = (
            try #require(report.model.file("schema.json")), try #require(report.model.file("pipeline.json"))
        )
        let program = try FeatureProgram(
            schema: Schema(decoding: schema.span), pipeline: Pipeline(decoding: pipeline.span))
        let predictor = try PredictorLoader.load(report.model.modelFile.bytes)
        #expect(predictor.featureNames == program.outputNames)
    }

    @Test func severalClassesAndNumbers() async throws {
        let classes = try await train(["rounds": "10"], label: "coalesce(payment_type, 'none')")
        #expect(classes.task == .multiclass && classes.classes.contains("none"))
        #expect(classes.model.parameters["objective"] == "multi:softprob")
        let fares = try await train(["rounds": "30", "model_format": "ubj"], label: "fare")
        #expect(fares.task == .regression && fares.model.modelFile.name == "model.ubj")
        #expect(try #require(fares.chosen.test)[.r2] > 0.7)
    }

    @Test func aParameterThatIsNoneIsRefused() async throws {
        for parameters in [
            ["max_depth": "deep"], ["rounds": "0"], ["objective": "no:such"], ["model_format": "x"],
        ] {
            await #expect(throws: TrainingError.self, "\(parameters)") { _ = try await train(parameters) }
        }
    }

    @Test func withoutTheLibraryTheErrorNamesThePackage() async throws {
        let folder = try Folder()
        let path = folder.path + "/rides.csv"
        try RideSimulator.write(rows: 300, seed: 1, to: path)
        var request = TrainingRequest(data: path, label: Ride.label)
        request.algorithms = [.xgboost]
        request.xgboostLibrary = "/no/such/libxgboost.so"
        do {
            _ = try await Trainer.train(request)
            Issue.record("no error")
        } catch {
            #expect(error == TrainingError(.libraryMissing, ""))
            #expect(error.hint.contains("apt-get install libxgboost0") && error.hint.contains("xgboost-cpu"))
        }
    }
}
