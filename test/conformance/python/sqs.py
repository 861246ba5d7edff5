"""SQS, as far as an agent needs it."""

import email.utils
import http.client
import json
import time
import urllib.parse


class Sqs:
    """SQS's JSON protocol, at an endpoint that does not check the signatures of requests."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.offset_ms = 0

    def now(self):
        return int(time.time() * 1000) + self.offset_ms

    def call(self, action, queue, **fields):
        host = urllib.parse.urlsplit(self.endpoint).netloc
        connection = http.client.HTTPConnection(host, timeout=40)
        body = json.dumps({"QueueUrl": f"{self.endpoint}/000000000000/{queue}", **fields})
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"AmazonSQS.{action}",
            # Says only which region is meant.
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request, Signature=none",
        }
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            text = response.read().decode()
            date = email.utils.parsedate_to_datetime(response.getheader("date"))
            # The time in the header is cut to seconds.
            self.offset_ms = int(date.timestamp() * 1000) + 500 - int(time.time() * 1000)
            if response.status != 200:
                raise OSError(f"{action}: {text}")
            return json.loads(text or "{}")
        finally:
            connection.close()

    def send(self, queue, body):
        self.call("SendMessage", queue, MessageBody=body)

    def receive(self, queue):
        answer = self.call(
            "ReceiveMessage",
            queue,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=2,
            VisibilityTimeout=0,
            MessageSystemAttributeNames=["SenderId", "SentTimestamp"],
        )
        return answer.get("Messages", [])

    def maximum_size(self, queue):
        answer = self.call("GetQueueAttributes", queue, AttributeNames=["MaximumMessageSize"])
        return int(answer.get("Attributes", {}).get("MaximumMessageSize", 65_536))
