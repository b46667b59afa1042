"""Protocol buffers on the wire, for every format that is one: ONNX, GraphDef, Core ML, Caffe."""
