public import Features
public import Modelcast
public import Models
public import Snapshots

/// Small models that are right in every detail, for tests of applications that follow models.
///
/// A logistic regression over two features, `fare` (required) and `miles`; `bias` tells one from another,
/// so that a test can see in a prediction which one made it.
public struct SampleModel: Sendable {
    /// The weighted sum without features.
    public var bias: Float
    /// Golden rows that the model does not meet, so that every consumer refuses it.
    public var isSpoilt: Bool

    /// A model with its own bias.
    public init(bias: Float = 0, isSpoilt: Bool = false) {
        self.bias = bias
        self.isSpoilt = isSpoilt
    }

    /// The schema of its events.
    public static let schema: Schema = {
        do throws(FeatureError) {
            return try Schema([Feature("fare", .float, isRequired: true), Feature("miles", .float)])
        } catch {
            preconditionFailure("the sample schema: \(error)")
        }
    }()

    /// The model itself.
    public var predictor: LinearModel {
        do throws(ModelError) {
            return try LinearModel(
                kind: .logistic, intercepts: [bias], weights: [0.25, -0.5], featureCount: 2,
                featureNames: ["fare", "miles"])
        } catch {
            preconditionFailure("the sample model: \(error)")
        }
    }

    /// What it gives for an event with these features.
    public func prediction(fare: Float, miles: Float = .nan) -> Float {
        predictor.predict(rows: [fare, miles]).prediction(0)
    }

    /// An event with these features.
    public static func event(id: String, fare: Float, miles: Float? = nil) -> [UInt8] {
        let rest = miles.map { ",\"miles\":\($0)" } ?? ""
        return Array("{\"id\":\"\(id)\",\"features\":{\"fare\":\(fare)\(rest)}}".utf8)
    }

    /// The golden rows.
    public var golden: GoldenRows {
        GoldenRows(
            [Float(1), 8, 30].map { fare in
                let value = prediction(fare: fare, miles: 2)
                return GoldenRows.Row(
                    features: Array("{\"fare\":\(fare),\"miles\":2.0}".utf8),
                    prediction: [isSpoilt ? value + 0.5 : value])
            })
    }

    /// A request to publish it, with schema and golden rows.
    public func request(_ model: ModelName, alias: String? = nil) -> PublicationRequest {
        var request = PublicationRequest(
            model: model,
            modelFile: SnapshotFile(path: "model.json", source: .bytes(predictor.encoded())),
            schema: .bytes(SampleModel.schema.encoded()), golden: .bytes(golden.encoded()))
        if let alias { request.alias = SampleModel.alias(alias) }
        return request
    }
}
