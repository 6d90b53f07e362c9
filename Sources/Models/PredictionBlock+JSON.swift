public import Basics

extension PredictionBlock {
    /// Writes a row's result as the value of a member `prediction` (a number, or a list where there are
    /// several), and then, where the model has scores by class, a member `scores`. The member's key
    /// `prediction` is the caller's.
    public func write(_ row: Int, to json: inout JSONWriter) {
        if predictionWidth == 1 {
            json.number(predictions[row])
        } else {
            json.beginArray()
            for value in predictionValues(row) { json.number(value) }
            json.endArray()
        }
        guard scoresWidth > 0 else { return }
        json.key("scores")
        json.beginArray()
        for value in scoreValues(row) { json.number(value) }
        json.endArray()
    }
}
