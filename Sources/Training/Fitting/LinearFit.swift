internal import Glibc

/// Fits the linear family by maximum likelihood with an L2 penalty on the weights (not on the intercepts):
/// `sum of losses + l2 / 2 * |weights|^2`, as scikit-learn with `C = 1 / l2` (logistic, softmax) and `alpha =
/// l2` (ridge). Deterministic: the same rows give the same bits.
struct LinearFit {
    /// The loss, and with it what the sum of products means.
    enum Loss: Sendable {
        /// Half the squared error.
        case squared
        /// The logistic loss of labels 0 and 1.
        case logistic
        /// The cross-entropy of class indices.
        case softmax(classes: Int)

        var outputs: Int {
            if case .softmax(let classes) = self { return classes }
            return 1
        }
    }

    struct Weights: Sendable {
        /// One an output.
        var intercepts: [Double]
        /// Output by output, each as long as a row.
        var weights: [Double]
        var iterations: Int
        var loss: Double
    }

    var loss: Loss
    /// The strength of the penalty.
    var l2 = 1.0
    var optimiser = LBFGS()

    /// Fits to `rows` and their labels.
    func fit(
        _ rows: SparseRows, labels: [Float], shouldStop: () -> Bool = { false }
    ) throws(TrainingError) -> Weights {
        precondition(labels.count == rows.count, "\(labels.count) labels for \(rows.count) rows")
        let outputs = loss.outputs
        let width = rows.columnCount + 1
        // Each output's weights, then its intercept. The mean label is the best constant to begin with.
        var start = [Double](repeating: 0, count: outputs * width)
        if case .squared = loss {
            start[width - 1] = labels.reduce(0.0) { $0 + Double($1) } / Double(max(1, labels.count))
        }
        let outcome = optimiser.minimise(from: start, shouldStop: shouldStop) { point, gradient in
            value(at: point, rows, labels, &gradient)
        }
        guard outcome.value.isFinite, outcome.point.allSatisfy(\.isFinite) else {
            throw TrainingError(
                .diverged, "the linear fit did not come to finite weights",
                hint: "look for columns with extreme values, or raise l2")
        }
        var intercepts: [Double] = []
        var weights: [Double] = []
        for output in 0..<outputs {
            weights += outcome.point[output * width..<(output + 1) * width - 1]
            intercepts.append(outcome.point[(output + 1) * width - 1])
        }
        return Weights(
            intercepts: intercepts, weights: weights, iterations: outcome.iterations, loss: outcome.value)
    }

    private func value(
        at point: [Double], _ rows: SparseRows, _ labels: [Float], _ gradient: inout [Double]
    ) -> Double {
        let outputs = loss.outputs
        let width = rows.columnCount + 1
        var total = 0.0
        for index in gradient.indices {
            let isIntercept = index % width == width - 1
            gradient[index] = isIntercept ? 0 : l2 * point[index]
            if !isIntercept { total += l2 / 2 * point[index] * point[index] }
        }
        var margins = [Double](repeating: 0, count: outputs)
        // The pointers stay inside; every column index is below `columnCount` by the construction of the
        // rows, so an output's weight is at `output * width + column`, below `point.count`.
        unsafe rows.columns.withUnsafeBufferPointer { columns in
            unsafe rows.values.withUnsafeBufferPointer { values in
                unsafe point.withUnsafeBufferPointer { point in
                    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
                        for row in 0..<rows.count {
                            let range = rows.starts[row]..<rows.starts[row + 1]
                            for output in 0..<outputs {
                                let base = output * width
                                var sum = unsafe point[base + width - 1]
                                for entry in range {
                                    unsafe sum += values[entry] * point[base + Int(columns[entry])]
                                }
                                margins[output] = sum
                            }
                            total += residuals(&margins, Double(labels[row]))
                            for output in 0..<outputs {
                                let base = output * width
                                let residual = margins[output]
                                for entry in range {
                                    unsafe gradient[base + Int(columns[entry])] += residual * values[entry]
                                }
                                unsafe gradient[base + width - 1] += residual
                            }
                        }
                    }
                }
            }
        }
        return total
    }

    /// Turns a row's margins into the loss's derivatives; the loss.
    private func residuals(_ margins: inout [Double], _ label: Double) -> Double {
        switch loss {
        case .squared:
            let residual = margins[0] - label
            margins[0] = residual
            return residual * residual / 2
        case .logistic:
            let margin = margins[0]
            // log(1 + e^-|m|) does not overflow.
            let tail = log1p(exp(-abs(margin)))
            let probability = margin >= 0 ? 1 / (1 + exp(-margin)) : exp(margin) / (1 + exp(margin))
            margins[0] = probability - label
            return max(margin, 0) - margin * label + tail
        case .softmax:
            let greatest = margins.max() ?? 0
            let truth = margins[Int(label)]
            var sum = 0.0
            for index in margins.indices {
                margins[index] = exp(margins[index] - greatest)
                sum += margins[index]
            }
            for index in margins.indices { margins[index] /= sum }
            margins[Int(label)] -= 1
            return log(sum) + greatest - truth
        }
    }
}
