import Basics
import Training

/// Whether boosted trees can be trained here.
enum XGBoostCheck {
    static func run() async -> Finding {
        await ThreadExecutor(name: "xgboost").run {
            do throws(TrainingError) {
                let library = try BoostedTrees.library()
                return .ok("xgboost", "\(library.version) at \(library.path)")
            } catch {
                return .warning("xgboost", error.message, remedy: error.hint)
            }
        }
    }
}
