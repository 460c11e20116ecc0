"""The networks, built: the ONNX originals fetched, converted and written as TFLite files."""
