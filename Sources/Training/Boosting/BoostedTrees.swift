/// Boosted trees as callers see them: whether they can be trained here.
public enum BoostedTrees {
    /// Whether libxgboost can be opened (see `TrainingRequest.xgboostLibrary`). Blocks on the disk.
    public static var isAvailable: Bool { (try? XGBoostLibrary.open()) != nil }

    /// The version and the file of the libxgboost that would be used, for `modelcast doctor`.
    ///
    /// Throws `libraryMissing`, with what to install.
    public static func library() throws(TrainingError) -> (version: String, path: String) {
        let library = try XGBoostLibrary.open()
        return (library.version, library.path)
    }
}
