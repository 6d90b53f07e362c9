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

    /// Appends the same text to `bytes`, behind the key and its colon. Allocates nothing where `bytes` has
    /// room.
    public func append(_ row: Int, to bytes: inout [UInt8]) {
        if predictionWidth == 1 {
            bytes.append(number: predictions[row])
        } else {
            PredictionBlock.append(predictions, row * predictionWidth..<(row + 1) * predictionWidth, &bytes)
        }
        guard scoresWidth > 0 else { return }
        bytes.append(fixed: #","scores":"#)
        PredictionBlock.append(scores, row * scoresWidth..<(row + 1) * scoresWidth, &bytes)
    }

    private static func append(_ values: [Float], _ range: Range<Int>, _ bytes: inout [UInt8]) {
        bytes.append(0x5B)
        for index in range {
            if index > range.lowerBound { bytes.append(0x2C) }
            bytes.append(number: values[index])
        }
        bytes.append(0x5D)
    }
}
