internal import Basics
internal import Catalog
internal import Crypto
internal import Features
public import Modelcast
internal import Models
public import Snapshots

extension SampleModel {
    /// The model as a subscription would hand it over, without a log.
    public func loaded(_ name: ModelName = "sample", version: ModelVersion = 1) -> LoadedModel {
        do throws(FeatureError) {
            let program = try FeatureProgram(schema: SampleModel.schema)
            return LoadedModel(
                name: name, version: version, digest: Digest(of: predictor.encoded()),
                schema: SampleModel.schema,
                program: program, predictor: predictor)
        } catch {
            preconditionFailure("the sample program: \(error)")
        }
    }

    /// An alias name written in a test.
    static func alias(_ text: String) -> AliasName { AliasName(stringLiteral: text) }
}
