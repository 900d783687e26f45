// @ts-check
/**
 * A computer's camera as a scanner. Codes are read by the browser where it can; else pictures are handed over for the server,
 * one at a time and no faster than it answers. Nothing is recorded; closing ends the camera.
 */

import { CODE, detector } from './files.js';

/** Milliseconds between two looks. */
const PAUSE = { here: 200, there: 700 };
/** Milliseconds that a code stays away before it is a new one. */
const GONE = 4000;
const WIDTH = 1280;

export const hasCamera = () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

/** @param {number} milliseconds */
const rest = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** @param {HTMLVideoElement} video @returns {Promise<File>} what it shows */
async function frameOf(video) {
  const canvas = document.createElement('canvas');
  const scale = Math.min(1, WIDTH / video.videoWidth);
  canvas.width = video.videoWidth * scale;
  canvas.height = video.videoHeight * scale;
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', 0.85); });
  return new File([/** @type {Blob} */ (blob)], 'camera.jpg', { type: 'image/jpeg' });
}

/** Tells a code that stays before the camera from one that comes. */
export class Sightings {
  constructor() {
    /** @type {Map<string, number>} */
    this.seen = new Map();
  }

  /** @param {string} code @param {number} now milliseconds @returns {boolean} whether it was not there just before */
  isNew(code, now) {
    const last = this.seen.get(code);
    this.seen.set(code, now);
    return last === undefined || now - last > GONE;
  }
}

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {(text: string) => Promise<void>} read called with every new code that the browser reads
   * @param {(picture: File) => Promise<void>} taken called with pictures where it reads none
   */
  constructor(video, read, taken) {
    this.video = video;
    this.read = read;
    this.taken = taken;
    /** @type {MediaStream|undefined} */
    this.stream = undefined;
    this.closed = false;
    this.sightings = new Sightings();
  }

  /** Raises what the browser raises where there is no camera or nobody allows it; closed before that, it is not opened. */
  async open() {
    const wanted = { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    if (this.closed) {
      this.close();
      return;
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    this.look(await detector());
  }

  close() {
    const { stream, video } = this;
    this.closed = true;
    this.stream = undefined;
    if (!stream) return;
    stream.getTracks().forEach((track) => track.stop());
    if (video.srcObject === stream) video.srcObject = null; // else another camera has it
  }

  /** @param {any} codes the browser's reader of codes, or nothing */
  async look(codes) {
    while (this.stream) {
      if (codes) await this.detect(codes);
      else await this.taken(await frameOf(this.video));
      await rest(codes ? PAUSE.here : PAUSE.there);
    }
  }

  /** @param {any} codes */
  async detect(codes) {
    const found = await codes.detect(this.video).catch(() => []);
    for (const { rawValue } of found) {
      if (CODE.test(rawValue) && this.sightings.isNew(rawValue, performance.now())) await this.read(rawValue);
    }
  }
}
