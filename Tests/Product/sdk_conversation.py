"""The official Python SDK holds one spoken exchange; prints what it heard as JSON. Run by test_sdk in its own environment.

    SSL_CERT_FILE=ca.pem sdk_conversation.py URL QUESTION.raw      (16 kHz mono s16le)
"""

import asyncio
import json
import sys

from google import genai
from google.genai import types

PACKET = 640


async def main(url, question):
    client = genai.Client(api_key="any", http_options={"base_url": url, "api_version": "v1beta"})
    config = types.LiveConnectConfig(
        response_modalities=["AUDIO"], input_audio_transcription={}, output_audio_transcription={})
    heard = {"user": "", "model": "", "bytes": 0, "complete": False, "usage": False}

    async def speak(session):
        sound = question + bytes(32000)  # a second of silence ends the turn
        for start in range(0, len(sound), PACKET):
            await session.send_realtime_input(
                audio=types.Blob(data=sound[start : start + PACKET], mime_type="audio/pcm;rate=16000"))
            await asyncio.sleep(0.02)

    async with client.aio.live.connect(model="gemini-3.8-live", config=config) as session:
        speaking = asyncio.create_task(speak(session))
        async for message in session.receive():
            heard["usage"] = heard["usage"] or message.usage_metadata is not None
            content = message.server_content
            if content is None:
                continue
            if content.input_transcription and content.input_transcription.text:
                heard["user"] += content.input_transcription.text
            if content.output_transcription and content.output_transcription.text:
                heard["model"] += content.output_transcription.text
            heard["bytes"] += len(message.data or b"")
            heard["complete"] = heard["complete"] or bool(content.turn_complete)
        await speaking
    print(json.dumps(heard))


with open(sys.argv[2], "rb") as file:
    asyncio.run(asyncio.wait_for(main(sys.argv[1], file.read()), timeout=60))
