"""The application and its rules: values and functions of values, standard library only."""
