"""What a message is once somebody has looked whether it may be believed."""

from gate.errors import InputRejected
from gate.ports import Receipt
from gate.sync.link import Message
from gate.sync.wire import Batch, Topics
from office.receiving.authorisation import Authorisation

Checked = tuple[Topics, Batch] | InputRejected
"""A batch that may be believed and where it came, or why it is not."""
Given = tuple[Topics, Receipt, bytes]
"""Where a receipt is published, what it says, its signed bytes."""


def checked_batch(message: Message, authorisation: Authorisation) -> Checked:
    """The batch in `message`, or why it is not believed."""
    try:
        topics, _ = Topics.of(message.topic)
        return topics, authorisation.batch(message.payload, topics)
    except InputRejected as e:
        return e
