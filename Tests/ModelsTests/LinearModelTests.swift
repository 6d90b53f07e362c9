import Basics
import Foundation
import Models
import PredictorTesting
import Testing

struct LinearModelTests {
    private func model(_ kind: LinearModel.Kind, features: Int, seed: UInt64) throws -> LinearModel {
        var random = SeededRandom(seed: seed)
        let outputs = kind == .softmax ? 4 : 1
        return try LinearModel(
            kind: kind, intercepts: (0..<outputs).map { _ in Float.random(in: -1...1, using: &random) },
            weights: (0..<outputs * features).map { _ in Float.random(in: -1...1, using: &random) },
            featureCount: features, featureNames: (0..<features).map { "name \($0)\"\\é" },
            classLabels: kind == .softmax ? ["a", "b", "c", "d"] : nil)
    }

    private func rows(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            Int.random(in: 0..<8, using: &random) == 0 ? .nan : Float.random(in: -3...3, using: &random)
        }
    }

    @Test(arguments: LinearModel.Kind.allCases, [1, 3, 4, 7, 8, 11, 12, 15, 16, 30, 33])
    func agreesWithDoubleArithmetic(kind: LinearModel.Kind, features: Int) throws {
        let model = try model(kind, features: features, seed: UInt64(features))
        let rows = rows(features * 50, seed: 5)
        let block = model.predict(rows: rows)
        for row in 0..<50 {
            let margins = model.intercepts.indices.map { output -> Double in
                (0..<features).reduce(Double(model.intercepts[output])) { sum, index in
                    let value = rows[row * features + index]
                    let weight = model.weights[output * features + index]
                    return sum + (value.isNaN ? 0 : Double(value) * Double(weight))
                }
            }
            switch kind {
            case .identity: #expect(abs(Double(block.prediction(row)) - margins[0]) < 1e-5)
            case .logistic: #expect(abs(Double(block.prediction(row)) - 1 / (1 + exp(-margins[0]))) < 1e-6)
            case .softmax:
                let sum = margins.map(exp).reduce(0, +)
                for (score, margin) in zip(block.scoreValues(row), margins) {
                    #expect(abs(Double(score) - exp(margin) / sum) < 1e-6)
                }
            }
        }
        #expect(PredictorConformance(model, rows: rows).problems() == [])
    }

    @Test(arguments: LinearModel.Kind.allCases)
    func survivesItsFile(kind: LinearModel.Kind) throws {
        let model = try model(kind, features: 9, seed: 1)
        let bytes = model.encoded()
        #expect(ModelFormat.detect(bytes.span) == .nativeLinear)
        let again = try LinearModel(decoding: bytes.span)
        #expect(again == model)
        #expect(again.encoded() == bytes)
        #expect(try JSONSerialization.jsonObject(with: Data(bytes)) is [String: Any])
    }

    @Test func theFileIsTheDocumentedOne() throws {
        let text = """
            {"modelcast":"linear","version":1,"kind":"logistic","features":2,"featureNames":["fare","miles"],\
            "classLabels":["no","yes"],"intercepts":[-0.5],"weights":[[0.25,-1.0]]}
            """
        let model = try LinearModel(decoding: Array(text.utf8).span)
        #expect(String(decoding: model.encoded(), as: UTF8.self) == text)
        #expect(model.predict(rows: [2, 0]).prediction(0) == 0.5)
        #expect(model.output == PredictionShape(kind: .binaryProbability, classLabels: ["no", "yes"]))
    }

    @Test(arguments: [
        ("\"version\":1", "\"version\":2"), ("\"kind\":\"identity\"", "\"kind\":\"cubic\""),
        ("\"weights\":[[1,2]]", "\"weights\":[[1]]"), ("\"weights\":[[1,2]]", "\"weights\":[[1,2],[3,4]]"),
        ("\"weights\":[[1,2]]", "\"weights\":[[1,1e39]]"), ("\"features\":2", "\"features\":0"),
        ("\"features\":2", "\"features\":2,\"extra\":1"), ("\"intercepts\":[0]", "\"intercepts\":[0,1]"),
        ("\"intercepts\":[0]", "\"intercepts\":[\"0\"]"),
        ("\"features\":2", "\"features\":2,\"featureNames\":[\"a\",\"a\"]"),
        ("\"features\":2", "\"features\":2,\"classLabels\":[\"a\",\"b\"]"),
    ])
    func wrongFilesAreRefused(part: String, replacement: String) throws {
        let text =
            #"{"modelcast":"linear","version":1,"kind":"identity","features":2,"#
            + #""intercepts":[0],"weights":[[1,2]]}"#
        _ = try LinearModel(decoding: Array(text.utf8).span)
        let wrong = text.replacing(part, with: replacement)
        #expect(wrong != text)
        #expect(throws: ModelError.self) { _ = try LinearModel(decoding: Array(wrong.utf8).span) }
    }
}
