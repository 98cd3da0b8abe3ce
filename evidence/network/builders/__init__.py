"""From ONNX nodes to operators: one function for each ONNX operator, with the differences between its versions."""
