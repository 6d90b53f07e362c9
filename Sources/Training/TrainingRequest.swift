public import Features

/// A way to fit a model.
public enum Algorithm: String, Sendable, CaseIterable {
    /// Logistic regression of two classes (of several: softmax regression).
    case logistic
    /// Softmax regression of several classes.
    case softmax
    /// Linear regression of a number.
    case linear
    /// Boosted trees through libxgboost.
    case xgboost

    /// The algorithms that are tried unless the request names some.
    static func usual(_ task: TrainingTask) -> [Algorithm] {
        switch task {
        case .binary: [.logistic, .xgboost]
        case .multiclass: [.softmax, .xgboost]
        case .regression: [.linear, .xgboost]
        }
    }

    /// This algorithm for the task: what `logistic` means for several classes.
    ///
    /// Throws `request` when it cannot do it.
    func adapted(to task: TrainingTask) throws(TrainingError) -> Algorithm {
        switch (self, task) {
        case (.xgboost, _), (.logistic, .binary), (.softmax, .multiclass), (.linear, .regression): return self
        case (.logistic, .multiclass), (.softmax, .binary): return task == .binary ? .logistic : .softmax
        default:
            throw TrainingError(
                .request, "\(rawValue) cannot be fitted to a \(task.rawValue) label",
                hint: "use " + Algorithm.usual(task).map(\.rawValue).joined(separator: " or "))
        }
    }
}

/// What to train, on what, and what the result must reach.
public struct TrainingRequest: Sendable {
    /// The table: CSV or JSON lines; `-` is standard input.
    public var data: String
    /// How the table is read.
    public var table = TableOptions()
    /// A column or an SQL expression over the columns, such as `tips > 0.2 * fare`.
    public var label: String
    /// What is predicted; nil: told by the label's values.
    public var task: TrainingTask?
    /// Columns that are features although the label mentions them (or although they look useless);
    /// `EXPRESSION AS name` adds a feature computed in SQL, which events must then carry under that name.
    public var include: [String] = []
    /// Columns that are no features.
    public var exclude: [String] = []
    /// Columns of numbers to be taken as categories.
    public var categorical: [String] = []
    /// Features without which an event shall be refused.
    public var required: [String] = []
    /// The column that identifies a row: no feature, and each value only once.
    public var idColumn: String?
    /// The column whose text decides a row's part; nil: the whole row.
    public var splitKey: String?
    /// The division into parts, with its seed.
    public var split = Split()
    /// The schema that the table must fit; nil: inferred.
    public var schema: Schema?
    /// What to fit; empty: the usual ones of the task, boosted trees if libxgboost is there.
    public var algorithms: [Algorithm] = []
    /// Parameters: those of XGBoost, `rounds`, `early_stopping_rounds` (0: none), `model_format` (`json` or
    /// `ubj`), and `l2` for the linear family.
    public var parameters: [String: String] = [:]
    /// What the best model is chosen by, on the validation part; nil: AUC, log loss or RMSE by the task.
    public var metric: Metric?
    /// What the chosen model must reach.
    public var requirements: [Requirement] = []
    /// A model that the chosen one must not be worse than, on the same test rows.
    public var champion: Champion?
    /// Rows recorded with their predictions in the snapshot.
    public var goldenRows = 20
    /// Whether anomalies refuse the table, or are only reported.
    public var refusesAnomalies = true
    /// libxgboost; nil: searched for.
    public var xgboostLibrary: String?

    /// Trains on the table at `data` to predict `label`; everything else has a default.
    public init(data: String, label: String) {
        self.data = data
        self.label = label
    }
}

/// A model in force, to be compared with: its name for messages and the files of its snapshot.
public struct Champion: Sendable {
    /// Such as `tips@3`.
    public var name: String
    /// The files by name: `schema.json`, `pipeline.json`, and the model.
    public var files: [String: [UInt8]]
    /// The name of the model's file among them.
    public var modelFile: String
    /// How much worse the new model's metric may be.
    public var tolerance: Double

    /// A model to compare with.
    public init(
        name: String, files: [String: [UInt8]], modelFile: String = "model.json", tolerance: Double = 0
    ) {
        self.name = name
        self.files = files
        self.modelFile = modelFile
        self.tolerance = tolerance
    }
}
