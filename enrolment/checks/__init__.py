"""What is judged of an upload: card, video, ticket photo. Each check is a module of its own."""
